// The Kafka source on a real broker: order, positions, ends, what was trimmed or recreated, whose clock stamped, outages.
#include "connectors/kafka/source.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

#include "tests/connectors/kafka/support.h"

namespace plumbline::kafka {
namespace {

constexpr io::TopicPartition kFirst{0, 0};

std::unique_ptr<KafkaSource> OpenSource(const std::vector<std::string>& topics, Arrival arrival = Arrival::kLogAppendTime,
                                        Settings settings = BrokerSettings()) {
  KafkaSource::Options options;
  options.settings = std::move(settings);
  for (const std::string& topic : topics) options.topics.push_back({topic, arrival});
  options.ahead_mbytes = 64;
  return Need(KafkaSource::Open(options));
}

// Reads until `count` records have come, or 20 s; the values in order.
std::vector<std::string> Read(KafkaSource& source, io::TopicPartition from, std::size_t count, std::size_t most = 1000) {
  std::vector<std::string> values;
  (void)test::WaitFor(
      [&] {
        for (const io::Record& record : Need(source.Poll(from, most))) values.emplace_back(AsText(record.value));
        return values.size() >= count;
      },
      std::chrono::seconds(20));
  return values;
}

// Polls until an error comes, or 20 s.
Error ReadError(KafkaSource& source, io::TopicPartition from) {
  Error error{ErrorCode::kInternal, "no error came"};
  (void)test::WaitFor(
      [&] {
        const auto records = source.Poll(from, 100);
        if (records) return false;
        error = records.error();
        return true;
      },
      std::chrono::seconds(20));
  return error;
}

void SendAborted(const std::string& topic, bool abort) {
  Settings settings = BrokerSettings();
  settings.properties["transactional.id"] = test::FreshName("txn");
  settings.properties["message.timeout.ms"] = "10000";
  Client client = Need(Client::Create(ClientKind::kProducer, settings, {}));
  REQUIRE(rd_kafka_init_transactions(client.get(), 20'000) == nullptr);
  REQUIRE(rd_kafka_begin_transaction(client.get()) == nullptr);
  REQUIRE(rd_kafka_producev(client.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                            RD_KAFKA_V_VALUE(const_cast<char*>("t"), 1), RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
  REQUIRE(rd_kafka_flush(client.get(), 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  if (abort)
    REQUIRE(rd_kafka_abort_transaction(client.get(), 20'000) == nullptr);
  else
    REQUIRE(rd_kafka_commit_transaction(client.get(), 20'000) == nullptr);
}

}  // namespace

TEST_CASE("records come in order with key, stamp and headers, and the position follows") {
  const std::string topic = MakeTopic("order", 1);
  auto producer = Need(Producer::Create(BrokerSettings(), {}));
  const io::HeaderView headers[] = {{"content-type", AsBytes("application/json")}, {"ce_id", AsBytes("7")}, {"empty", {}}};
  for (const std::string_view value : {"one", "two", "three"}) {
    Message message;
    message.topic = &topic;
    message.key = AsBytes("patient-1");
    message.value = AsBytes(value);
    if (value == "two") message.headers = headers;
    Need(producer->Send(message));
  }
  Need(producer->Flush(20'000));

  auto source = OpenSource({topic});
  Need(source->Seek(kFirst, 0));
  std::vector<std::string> values;
  (void)test::WaitFor(
      [&] {
        for (const io::Record& record : Need(source->Poll(kFirst, 2))) {
          CHECK(record.offset == static_cast<std::int64_t>(values.size()));
          CHECK(AsText(record.key) == "patient-1");
          CHECK(record.timestamp_ms > 1'600'000'000'000);
          values.emplace_back(AsText(record.value));
          if (values.back() != "two") {
            CHECK(record.headers.empty());
            continue;
          }
          REQUIRE(record.headers.size() == 3);
          CHECK(record.headers[0].name == "content-type");
          CHECK(AsText(record.headers[0].value) == "application/json");
          CHECK(AsText(record.headers[1].value) == "7");
          CHECK(record.headers[2].value.empty());
        }
        return values.size() == 3;
      },
      std::chrono::seconds(20));
  CHECK(values == std::vector<std::string>{"one", "two", "three"});
  CHECK(source->Position(kFirst) == 3);
  CHECK(Need(source->EndOffset(kFirst)) == 3);
  CHECK(Need(source->LowWatermark(kFirst)) == 0);
  CHECK(source->TopicName(0) == topic);
  CHECK_FALSE(Need(source->TopicIdentity(0)).empty());
}

TEST_CASE("reading begins at the position asked for, and can go back and forth") {
  const std::string topic = MakeTopic("seek", 2);
  Send(topic, 1, {"a", "b", "c", "d", "e"});
  auto source = OpenSource({topic});
  const io::TopicPartition second{0, 1};
  Need(source->Seek(second, 3));
  CHECK(Read(*source, second, 2) == std::vector<std::string>{"d", "e"});
  Need(source->Seek(second, 1));
  CHECK(source->Position(second) == 1);
  CHECK(Read(*source, second, 2, 2) == std::vector<std::string>{"b", "c"});
  Need(source->Seek(second, 0));
  CHECK(Read(*source, second, 5) == std::vector<std::string>{"a", "b", "c", "d", "e"});
  Need(source->Seek(second, 5));
  CHECK(Need(source->Poll(second, 10)).empty());
}

TEST_CASE("partitions assigned one after the other are all read") {
  const std::string topic = MakeTopic("later", 3);
  for (std::int32_t partition = 0; partition < 3; ++partition) Send(topic, partition, {"x", "y"});
  auto source = OpenSource({topic});
  for (std::uint32_t partition = 0; partition < 3; ++partition) {
    Need(source->Seek({0, partition}, 0));
    CHECK(Read(*source, {0, partition}, 2) == std::vector<std::string>{"x", "y"});
  }
}

TEST_CASE("every record of a large backlog comes once") {
  const std::string topic = MakeTopic("backlog", 1);
  constexpr int kCount = 60'000;
  auto producer = Need(Producer::Create(BrokerSettings(), {.linger_ms = 5, .queue_messages = 5'000}));  // Send waits in between
  for (int i = 0; i < kCount; ++i) {
    const std::string value = std::to_string(i);
    Message message;
    message.topic = &topic;
    message.partition = 0;
    message.value = AsBytes(value);
    Need(producer->Send(message));
  }
  Need(producer->Flush(30'000));
  CHECK(producer->acknowledged() == kCount);
  auto source = OpenSource({topic});
  Need(source->Seek(kFirst, 0));
  int next = 0;
  (void)test::WaitFor(
      [&] {
        for (const io::Record& record : Need(source->Poll(kFirst, 700)))
          if (AsText(record.value) == std::to_string(next)) ++next;
        return next == kCount;
      },
      std::chrono::seconds(30));
  CHECK(next == kCount);
}

TEST_CASE("the end as seen goes stale and the end as asked does not") {
  const std::string topic = MakeTopic("end", 1);
  Send(topic, 0, {"a"});
  auto source = OpenSource({topic});
  Need(source->Seek(kFirst, 0));
  CHECK_FALSE(source->SeemsAtEnd(kFirst));
  CHECK(Read(*source, kFirst, 1).size() == 1);
  CHECK(test::WaitFor([&] { return Need(source->Poll(kFirst, 10)).empty() && source->SeemsAtEnd(kFirst); },
                      std::chrono::seconds(10)));
  Send(topic, 0, {"b"});
  CHECK(Need(source->EndOffset(kFirst)) == 2);
  CHECK(source->Position(kFirst) == 1);
  CHECK(Read(*source, kFirst, 1) == std::vector<std::string>{"b"});
  CHECK(source->Position(kFirst) == Need(source->EndOffset(kFirst)));
}

TEST_CASE("transaction markers and aborted records do not keep a topic from its end, an open transaction does") {
  const std::string topic = MakeTopic("txn", 1);
  Send(topic, 0, {"a"});
  SendAborted(topic, true);
  SendAborted(topic, false);
  auto source = OpenSource({topic});
  Need(source->Seek(kFirst, 0));
  CHECK(Read(*source, kFirst, 2) == std::vector<std::string>{"a", "t"});
  CHECK(test::WaitFor(
      [&] {
        CHECK(Need(source->Poll(kFirst, 10)).empty());
        return source->Position(kFirst) == Need(source->EndOffset(kFirst));
      },
      std::chrono::seconds(10)));
  CHECK(source->Position(kFirst) == 5);

  Settings settings = BrokerSettings();
  settings.properties["transactional.id"] = test::FreshName("open");
  Client open = Need(Client::Create(ClientKind::kProducer, settings, {}));
  REQUIRE(rd_kafka_init_transactions(open.get(), 20'000) == nullptr);
  REQUIRE(rd_kafka_begin_transaction(open.get()) == nullptr);
  REQUIRE(rd_kafka_producev(open.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                            RD_KAFKA_V_VALUE(const_cast<char*>("o"), 1), RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
  REQUIRE(rd_kafka_flush(open.get(), 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  CHECK_FALSE(test::WaitFor(
      [&] {
        CHECK(Need(source->Poll(kFirst, 10)).empty());
        return source->Position(kFirst) == Need(source->EndOffset(kFirst));
      },
      std::chrono::milliseconds(1500)));
  REQUIRE(rd_kafka_abort_transaction(open.get(), 20'000) == nullptr);
}

TEST_CASE("a position below what a trimmed topic holds is refused with both offsets") {
  const std::string topic = MakeTopic("trim", 1);
  Send(topic, 0, {"a", "b", "c", "d"});
  Need(MakeAdmin().TrimTopic(topic, 0, 3));
  auto source = OpenSource({topic});
  const auto refused = source->Seek(kFirst, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kTrimmed);
  CHECK_THAT(refused.error().message, Catch::Contains("begins at offset 3") && Catch::Contains("offset 1 is needed"));
  Need(source->Seek(kFirst, 3));
  CHECK(Read(*source, kFirst, 1) == std::vector<std::string>{"d"});
}

TEST_CASE("a topic recreated with fewer records is refused at the start") {
  const std::string topic = MakeTopic("again", 1);
  Send(topic, 0, {"a", "b", "c"});
  Admin admin = MakeAdmin();
  Need(admin.DeleteTopic(topic));
  REQUIRE(test::WaitFor(
      [&] {
        return admin.CreateTopic({topic, 1, 1, {{"message.timestamp.type", "LogAppendTime"}}}).has_value();
      },
      std::chrono::seconds(20)));
  auto source = OpenSource({topic});
  const auto refused = source->Seek(kFirst, 3);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kTrimmed);
  CHECK_THAT(refused.error().message, Catch::Contains("ends at offset 0") && Catch::Contains("created anew"));
}

TEST_CASE("a topic recreated while it is read stops the reading") {
  const std::string topic = MakeTopic("under", 1);
  Send(topic, 0, {"a", "b", "c"});
  auto source = OpenSource({topic});
  Need(source->Seek(kFirst, 0));
  CHECK(Read(*source, kFirst, 3).size() == 3);
  Admin admin = MakeAdmin();
  Need(admin.DeleteTopic(topic));
  REQUIRE(test::WaitFor(
      [&] {
        return admin.CreateTopic({topic, 1, 1, {{"message.timestamp.type", "LogAppendTime"}}}).has_value();
      },
      std::chrono::seconds(20)));
  Send(topic, 0, {"z"});
  const auto end = source->EndOffset(kFirst);
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::kTrimmed);
  CHECK(ReadError(*source, kFirst).code == ErrorCode::kTrimmed);
}

TEST_CASE("a topic stamped by its senders is refused as a live input, and one stamped by the broker as an import") {
  const std::string sent = MakeTopic("create-time", 1, {{"message.timestamp.type", "CreateTime"}});
  Send(sent, 0, {"a"}, 1'700'000'000'123);
  auto live = OpenSource({sent});
  Need(live->Seek(kFirst, 0));
  const Error error = ReadError(*live, kFirst);
  CHECK(error.code == ErrorCode::kConfig);
  CHECK_THAT(error.message, Catch::Contains(sent) && Catch::Contains("LogAppendTime"));

  auto import = OpenSource({sent}, Arrival::kCreateTime);
  Need(import->Seek(kFirst, 0));
  std::int64_t stamp = 0;
  (void)test::WaitFor(
      [&] {
        for (const io::Record& record : Need(import->Poll(kFirst, 10))) stamp = record.timestamp_ms;
        return stamp != 0;
      },
      std::chrono::seconds(20));
  CHECK(stamp == 1'700'000'000'123);

  const std::string appended = MakeTopic("append-time", 1);
  Send(appended, 0, {"a"});
  auto wrong = OpenSource({appended}, Arrival::kCreateTime);
  Need(wrong->Seek(kFirst, 0));
  CHECK(ReadError(*wrong, kFirst).code == ErrorCode::kConfig);
}

TEST_CASE("topics of different partition counts, or missing, are refused when the source is opened") {
  const std::string two = MakeTopic("two", 2), three = MakeTopic("three", 3);
  KafkaSource::Options options;
  options.settings = BrokerSettings();
  options.topics = {{two, Arrival::kLogAppendTime}, {three, Arrival::kLogAppendTime}};
  const auto uneven = KafkaSource::Open(options);
  REQUIRE_FALSE(uneven);
  CHECK_THAT(uneven.error().message, Catch::Contains(two + " has 2") && Catch::Contains(three + " has 3"));
  options.topics = {{"not-there", Arrival::kLogAppendTime}};
  const auto missing = KafkaSource::Open(options);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a patient's records of three topics meet in one partition, the one that Java's clients choose") {
  const std::string topic = MakeTopic("murmur", 5);
  auto producer = Need(Producer::Create(BrokerSettings(), {}));
  Message message;
  message.topic = &topic;
  // Murmur2 of these keys as Kafka's own tests of its Utils class give it.
  struct {
    std::string_view key;
    std::int32_t murmur2;
  } const kJava[] = {{"21", -973932308},
                     {"foobar", -790332482},
                     {"a-little-bit-long-string", -985981536},
                     {"a-little-bit-longer-string", -1486304829},
                     {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}};
  std::array<std::int64_t, 5> expected{};
  for (const auto& java : kJava) {
    ++expected[(static_cast<std::uint32_t>(java.murmur2) & 0x7fffffffU) % 5];
    message.key = AsBytes(java.key);
    message.value = AsBytes(java.key);
    Need(producer->Send(message));
  }
  Need(producer->Flush(20'000));
  auto source = OpenSource({topic});
  for (std::uint32_t partition = 0; partition < 5; ++partition) {
    CAPTURE(partition);
    CHECK(Need(source->EndOffset({0, partition})) == expected[partition]);
  }
}

// A partition that was just made refuses as "not leader" for a moment; an engine that asked then did not start.
TEST_CASE("the ends of a topic can be asked for in the moment in which it was made") {
  const Client client = Need(Client::Create(ClientKind::kConsumer, BrokerSettings(), {{"group.id", "ends"}}));
  for (int round = 0; round < 15; ++round) {
    const std::string topic = MakeTopic("new", 16);
    std::vector<PartitionName> names;
    for (std::uint32_t partition = 0; partition < 16; ++partition) names.push_back({topic, partition});
    CHECK(Need(QueryOffsets(client, names, End::kHigh)) == std::vector<std::int64_t>(16, 0));
  }
}

TEST_CASE("a broker that goes away is told, draws no end, and reading goes on when it is back") {
  auto broker = Need(test::KafkaBroker::Start());
  Settings settings;
  settings.bootstrap = broker->address();
  settings.request_timeout_ms = 1500;
  Admin admin = Need(Admin::Create(settings));
  const std::string topic = "outage";
  Need(admin.CreateTopic({topic, 1, 1, {{"message.timestamp.type", "LogAppendTime"}}}));
  auto producer = Need(Producer::Create(settings, {}));
  Message message;
  message.topic = &topic;
  message.partition = 0;
  message.value = AsBytes("before");
  Need(producer->Send(message));
  Need(producer->Flush(20'000));
  auto source = OpenSource({topic}, Arrival::kLogAppendTime, settings);
  Need(source->Seek(kFirst, 0));
  CHECK(Read(*source, kFirst, 1).size() == 1);
  CHECK(source->Trouble().empty());

  broker->Kill();
  message.value = AsBytes("while it was away");
  Need(producer->Send(message));
  CHECK(Need(source->Poll(kFirst, 10)).empty());
  const auto end = source->EndOffset(kFirst);
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::kUnavailable);
  CHECK_THAT(source->Trouble(), Catch::Contains(settings.bootstrap));
  const auto unsent = producer->Flush(300);
  REQUIRE_FALSE(unsent);
  CHECK(unsent.error().code == ErrorCode::kUnavailable);

  Need(broker->Restart());
  Need(producer->Flush(60'000));
  CHECK(Read(*source, kFirst, 1) == std::vector<std::string>{"while it was away"});
  CHECK(test::WaitFor([&] { return source->EndOffset(kFirst).has_value(); }, std::chrono::seconds(10)));
  CHECK(source->Trouble().empty());
}

}  // namespace plumbline::kafka
