// Output topics on a real broker: names of effects, tails after a crash, dead letters with their original bytes.
#include "connectors/kafka/output.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <vector>

#include "connectors/kafka/dead_letter.h"
#include "connectors/kafka/source.h"
#include "tests/connectors/kafka/support.h"

namespace plumbline::kafka {
namespace {

struct Copy {
  std::string key, value;
  std::int64_t timestamp_ms = 0;
  std::map<std::string, std::string> headers;
  std::optional<io::EffectId> id;
};

std::vector<Copy> ReadAll(const std::string& topic, std::uint32_t partition) {
  KafkaSource::Options options;
  options.settings = BrokerSettings();
  options.topics = {{topic, Arrival::kCreateTime}};
  auto source = Need(KafkaSource::Open(options));
  Need(source->Seek({0, partition}, 0));
  const std::int64_t end = Need(source->EndOffset({0, partition}));
  std::vector<Copy> copies;
  REQUIRE(test::WaitFor(
      [&] {
        for (const io::Record& record : Need(source->Poll({0, partition}, 100))) {
          Copy copy{std::string(AsText(record.key)),
                    std::string(AsText(record.value)),
                    record.timestamp_ms,
                    {},
                    io::EffectIdOf(record.headers)};
          for (const io::HeaderView& header : record.headers)
            copy.headers[std::string(header.name)] = std::string(AsText(header.value));
          copies.push_back(std::move(copy));
        }
        return source->Position({0, partition}) >= end;
      },
      std::chrono::seconds(20)));
  return copies;
}

KafkaOutput::Options FreshOptions(std::uint32_t partitions) {
  KafkaOutput::Options options;
  options.settings = BrokerSettings();
  options.partitions = partitions;
  options.input_topics = {test::FreshName("device"), test::FreshName("diagnosis")};
  options.alerts = test::FreshName("alerts");
  options.measures = test::FreshName("measures");
  options.audit = test::FreshName("audit");
  Need(KafkaOutput::CreateTopics(options, 1));
  return options;
}

io::EffectView Alert(std::string_view value) { return {io::OutputLog::kAlerts, AsBytes("rule"), AsBytes(value)}; }

// Of the input topic with this number, as the machine writes it.
std::string Letter(int topic, std::string_view bytes) {
  return R"({"reason":"future","detail":"8 min \"ahead\"","topic":)" + std::to_string(topic) +
         R"(,"partition":1,"offset":42,"timestamp":1700000000000,"size":3})" + "\n" + std::string(bytes);
}

io::EffectView LetterEffect(const std::string& bytes) {
  return {io::OutputLog::kDeadLetters, AsBytes("patient"), AsBytes(bytes)};
}

}  // namespace

TEST_CASE("effects lie in their log's topic and partition with their name and stamp") {
  const auto options = FreshOptions(2);
  auto output = Need(KafkaOutput::Open(options));
  CHECK_FALSE(Need(output->Tail(io::OutputLog::kAlerts, 1)));
  Need(output->Append(1, {7, 0}, 1'700'000'000'001, Alert("first")));
  Need(output->Append(1, {7, 2}, 1'700'000'000'001, Alert("second")));
  Need(output->Append(0, {3, 1}, 1'700'000'000'002, {io::OutputLog::kMeasures, AsBytes("unit"), AsBytes("measure")}));
  Need(output->Append(0, {3, 2}, 1'700'000'000'002, {io::OutputLog::kAudit, AsBytes("who"), AsBytes("what")}));
  Need(output->Flush(1));
  Need(output->Sync(1));
  CHECK(Need(output->Tail(io::OutputLog::kAlerts, 1)) == io::EffectId{7, 2});
  const auto alerts = ReadAll(options.alerts, 1);
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].key == "rule");
  CHECK(alerts[0].value == "first");
  CHECK(alerts[0].timestamp_ms == 1'700'000'000'001);
  CHECK(alerts[0].id == io::EffectId{7, 0});
  CHECK(alerts[1].id == io::EffectId{7, 2});
  CHECK(ReadAll(options.alerts, 0).empty());
  CHECK(ReadAll(options.measures, 0).at(0).value == "measure");
  CHECK(ReadAll(options.audit, 0).at(0).value == "what");
}

TEST_CASE("a restart finds the tails and appends only what is missing") {
  const auto options = FreshOptions(1);
  std::vector<std::string> expected;
  for (std::uint64_t run = 1; run <= 3; ++run) {
    auto output = Need(KafkaOutput::Open(options));
    const auto tail = Need(output->Tail(io::OutputLog::kAlerts, 0));
    if (run == 1)
      CHECK_FALSE(tail);
    else
      CHECK(tail == io::EffectId{(run - 1) * 10, 1});
    // Reruns everything from the first entry, as an engine without a checkpoint does.
    expected.clear();
    for (std::uint64_t entry = 1; entry <= run * 10; ++entry)
      for (std::uint32_t index = 0; index < 2; ++index) {
        expected.push_back(std::to_string(entry) + "/" + std::to_string(index));
        Need(output->Append(0, {entry, index}, 1'700'000'000'000, Alert(expected.back())));
      }
    Need(output->Sync(0));
  }
  std::vector<std::string> values;
  for (const Copy& copy : ReadAll(options.alerts, 0)) values.push_back(copy.value);
  CHECK(values == expected);
}

TEST_CASE("a dead letter has its original key and bytes, and Kafka Connect's headers say why") {
  const auto options = FreshOptions(2);
  auto output = Need(KafkaOutput::Open(options));
  const std::string bytes = Letter(1, std::string_view("\0\n{", 3));
  Need(output->Append(1, {5, 0}, 1'700'000'000'000, LetterEffect(bytes)));
  Need(output->Sync(1));
  const auto letters = ReadAll(options.input_topics[1] + ".dlq", 1);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].value == std::string_view("\0\n{", 3));
  CHECK(letters[0].key == "patient");
  auto headers = letters[0].headers;
  CHECK(headers["__connect.errors.topic"] == options.input_topics[1]);
  CHECK(headers["__connect.errors.partition"] == "1");
  CHECK(headers["__connect.errors.offset"] == "42");
  CHECK(headers["__connect.errors.stage"] == "intake");
  CHECK(headers["__connect.errors.exception.class.name"] == "future");
  CHECK(headers["__connect.errors.exception.message"] == "8 min \"ahead\"");
  for (const char* other : {"", "no line", "{}\n", "{\"reason\":1}\nx"}) CHECK_FALSE(ParseDeadLetter(other));
}

TEST_CASE("dead letters of several topics are each there once when only some had arrived at a crash") {
  const auto options = FreshOptions(1);
  const std::string device = Letter(0, "device"), diagnosis = Letter(1, "diagnosis");
  {
    auto output = Need(KafkaOutput::Open(options));
    Need(output->Append(0, {1, 0}, 0, LetterEffect(device)));
    // {2, 0} of the other topic was lost in the crash, the later {3, 0} was not.
    Need(output->Append(0, {3, 0}, 0, LetterEffect(device)));
    Need(output->Sync(0));
  }
  auto output = Need(KafkaOutput::Open(options));
  CHECK_FALSE(Need(output->Tail(io::OutputLog::kDeadLetters, 0)));
  Need(output->Append(0, {1, 0}, 0, LetterEffect(device)));
  Need(output->Append(0, {2, 0}, 0, LetterEffect(diagnosis)));
  Need(output->Append(0, {3, 0}, 0, LetterEffect(device)));
  Need(output->Sync(0));
  CHECK(ReadAll(options.input_topics[0] + ".dlq", 0).size() == 2);
  CHECK(ReadAll(options.input_topics[1] + ".dlq", 0).size() == 1);
  auto again = Need(KafkaOutput::Open(options));
  CHECK(Need(again->Tail(io::OutputLog::kDeadLetters, 0)) == io::EffectId{2, 0});
}

TEST_CASE("output topics that are missing, too narrow or written by others are refused by name") {
  auto options = FreshOptions(2);
  options.audit = "missing-audit";
  const auto missing = KafkaOutput::Open(options);
  REQUIRE_FALSE(missing);
  CHECK_THAT(missing.error().message, Catch::Contains("missing-audit"));
  options.audit = MakeTopic("narrow", 1);
  const auto narrow = KafkaOutput::Open(options);
  REQUIRE_FALSE(narrow);
  CHECK_THAT(narrow.error().message, Catch::Contains(options.audit + " has 1 partitions, the inputs have 2"));
  options.audit = MakeTopic("foreign", 2, {});
  Send(options.audit, 1, {"written by another program"});
  const auto foreign = KafkaOutput::Open(options);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == ErrorCode::kIntegrity);
  CHECK_THAT(foreign.error().message, Catch::Contains(options.audit + " [1] offset 0"));
}

TEST_CASE("effects given while the broker is away arrive once and in order when it is back") {
  auto broker = Need(test::KafkaBroker::Start());
  auto options = KafkaOutput::Options{};
  options.settings.bootstrap = broker->address();
  options.settings.request_timeout_ms = 2000;
  options.input_topics = {"device"};
  options.sync_wait_ms = 500;
  Need(KafkaOutput::CreateTopics(options, 1));
  auto output = Need(KafkaOutput::Open(options));
  Need(output->Append(0, {1, 0}, 1'700'000'000'000, Alert("1")));
  Need(output->Sync(0));
  broker->Kill();
  for (std::uint64_t entry = 2; entry <= 50; ++entry)
    Need(output->Append(0, {entry, 0}, 1'700'000'000'000, Alert(std::to_string(entry))));
  const auto waiting = output->Sync(0);
  REQUIRE_FALSE(waiting);
  CHECK(waiting.error().code == ErrorCode::kUnavailable);
  CHECK_THAT(waiting.error().message, Catch::Contains("49 records are not acknowledged"));
  Need(broker->Restart());
  CHECK(test::WaitFor([&] { return output->Sync(0).has_value(); }, std::chrono::seconds(60)));
  output = Need(KafkaOutput::Open(options));
  CHECK(Need(output->Tail(io::OutputLog::kAlerts, 0)) == io::EffectId{50, 0});

  KafkaSource::Options reading;
  reading.settings = options.settings;
  reading.topics = {{options.alerts, Arrival::kCreateTime}};
  auto source = Need(KafkaSource::Open(reading));
  Need(source->Seek({0, 0}, 0));
  std::vector<std::string> values, expected;
  for (int i = 1; i <= 50; ++i) expected.push_back(std::to_string(i));
  (void)test::WaitFor(
      [&] {
        for (const io::Record& record : Need(source->Poll({0, 0}, 100))) values.emplace_back(AsText(record.value));
        return values.size() >= 50;
      },
      std::chrono::seconds(20));
  CHECK(values == expected);
}

}  // namespace plumbline::kafka
