#include "connectors/kafka/output.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>

#include "connectors/kafka/admin.h"
#include "connectors/kafka/dead_letter.h"
#include "engine/base/check.h"
#include "engine/base/hash.h"

namespace plumbline::kafka {
namespace {

constexpr int kTrySyncMs = 20;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

std::optional<io::EffectId> NameOf(const rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, std::string(io::kEffectHeader).c_str(), &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  const io::HeaderView view[] = {{io::kEffectHeader, {static_cast<const std::byte*>(value), size}}};
  return io::EffectIdOf(view);
}

// A partition whose last record is looked for.
struct TailSearch {
  PartitionName of;
  std::int64_t low = 0, end = 0;
  std::int64_t from = 0;  // looked at from here to the end
  bool at_end = false;
  std::optional<io::EffectId> name;
};

Result<void> TakeTailMessage(const Client& reader, const rd_kafka_message_t* message, std::vector<TailSearch*>& searches) {
  if (message == nullptr || IsTransient(message->err)) return {};
  if (message->rkt == nullptr)
    return std::unexpected(KafkaError(message->err, "reading the tails of the output topics", reader.bootstrap()));
  const std::string topic = rd_kafka_topic_name(message->rkt);
  const auto found = std::find_if(searches.begin(), searches.end(), [&](const TailSearch* s) {
    return s->of.topic == topic && s->of.partition == static_cast<std::uint32_t>(message->partition);
  });
  if (found == searches.end()) return {};
  const std::string where = topic + " [" + std::to_string(message->partition) + "]";
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    (*found)->at_end = true;
    return {};
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(KafkaError(message->err, "reading the tail of " + where, reader.bootstrap()));
  (*found)->name = NameOf(message);
  if ((*found)->name) return {};
  return Fail(ErrorCode::kIntegrity, where + " offset " + std::to_string(message->offset) +
                                         " carries no name of an effect: another program writes to this output topic");
}

// Reads each partition from its `from` to its end, all at the same time; the last name seen is kept.
Result<void> ReadToEnds(const Client& reader, std::vector<TailSearch*> searches) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(searches.size())));
  for (TailSearch* s : searches) {
    s->at_end = false;
    rd_kafka_topic_partition_list_add(list.get(), s->of.topic.c_str(), static_cast<std::int32_t>(s->of.partition))->offset =
        s->from;
  }
  if (const auto code = rd_kafka_assign(reader.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(KafkaError(code, "reading the tails of the output topics", reader.bootstrap()));
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(4 * reader.request_timeout_ms());
  while (std::chrono::steady_clock::now() < end) {
    if (std::all_of(searches.begin(), searches.end(), [](const TailSearch* s) { return s->at_end; })) return {};
    const MessagePtr message(rd_kafka_consumer_poll(reader.get(), 100));
    PLUMBLINE_TRY(TakeTailMessage(reader, message.get(), searches));
  }
  return Fail(ErrorCode::kUnavailable, "reading the tails of the output topics at " + reader.bootstrap() + ": no answer in time");
}

// Offsets may have gaps (transaction markers), so the last record may lie further back than one.
Result<void> FindTails(const Client& reader, std::vector<TailSearch>& all) {
  for (std::int64_t back = 1;; back *= 32) {
    std::vector<TailSearch*> open;
    for (TailSearch& s : all) {
      const bool whole = back > 1 && s.from == s.low;  // looked through already
      if (s.end == s.low || s.name || whole) continue;
      s.from = std::max(s.low, s.end - back);
      open.push_back(&s);
    }
    if (open.empty()) return {};
    PLUMBLINE_TRY(ReadToEnds(reader, std::move(open)));
  }
}

}  // namespace

std::vector<KafkaOutput::Topic> KafkaOutput::TopicsFor(const Options& options) {
  std::vector<Topic> topics;
  const auto add = [&](io::OutputLog log, std::string name) {
    topics.push_back({log, std::move(name), Tails(options.partitions)});
  };
  if (!options.alerts.empty()) add(io::OutputLog::kAlerts, options.alerts);
  if (!options.measures.empty()) add(io::OutputLog::kMeasures, options.measures);
  if (!options.audit.empty()) add(io::OutputLog::kAudit, options.audit);
  for (const std::string& input : options.input_topics) add(io::OutputLog::kDeadLetters, input + options.dead_letter_suffix);
  return topics;
}

Result<void> KafkaOutput::CreateTopics(const Options& options, int replication) {
  PLUMBLINE_ASSIGN(Admin admin, Admin::Create(options.settings));
  for (const Topic& topic : TopicsFor(options)) {
    const auto known = admin.Partitions(topic.name);
    if (known) continue;
    if (known.error().code != ErrorCode::kNotFound) return std::unexpected(known.error());
    // Stamps are the entries' own: those of an import lie years back, those of its close years ahead, and neither may make the
    // broker refuse or drop a record. How long they are kept is the site's to say.
    PLUMBLINE_TRY(admin.CreateTopic({topic.name,
                                     options.partitions,
                                     replication,
                                     {{"message.timestamp.type", "CreateTime"},
                                      {"message.timestamp.after.max.ms", "9223372036854775807"},
                                      {"retention.ms", "-1"},
                                      {"cleanup.policy", "delete"}}}));
  }
  return {};
}

Result<std::unique_ptr<KafkaOutput>> KafkaOutput::Open(const Options& options) {
  auto output = std::make_unique<KafkaOutput>(Private{}, options);
  PLUMBLINE_ASSIGN(output->producer_, Producer::Create(options.settings, {}));
  output->topics_ = TopicsFor(options);
  for (const Topic& topic : output->topics_) {
    PLUMBLINE_ASSIGN(const std::uint32_t count, QueryPartitions(output->producer_->client(), topic.name));
    if (count < options.partitions)
      return Fail(ErrorCode::kConfig, "output topic " + topic.name + " has " + std::to_string(count) +
                                          " partitions, the inputs have " + std::to_string(options.partitions));
  }
  PLUMBLINE_TRY(output->ReadTails());
  return output;
}

Result<void> KafkaOutput::ReadTails() {
  PLUMBLINE_ASSIGN(const Client reader, Client::Create(ClientKind::kConsumer, options_.settings,
                                                       {{"group.id", "plumbline-tails"},
                                                        {"enable.auto.commit", "false"},
                                                        {"auto.offset.reset", "error"},
                                                        {"enable.partition.eof", "true"},
                                                        {"fetch.wait.max.ms", "20"}}));
  rd_kafka_poll_set_consumer(reader.get());
  std::vector<PartitionName> names;
  for (const Topic& topic : topics_)
    for (std::uint32_t partition = 0; partition < options_.partitions; ++partition) names.push_back({topic.name, partition});
  PLUMBLINE_ASSIGN(const auto lows, QueryOffsets(reader, names, End::kLow));
  PLUMBLINE_ASSIGN(const auto ends, QueryOffsets(reader, names, End::kHigh));
  std::vector<TailSearch> searches;
  for (std::size_t i = 0; i < names.size(); ++i) searches.push_back({names[i], lows[i], ends[i], lows[i], false, {}});
  PLUMBLINE_TRY(FindTails(reader, searches));
  for (std::size_t i = 0; i < searches.size(); ++i)
    topics_[i / options_.partitions].tails[i % options_.partitions] = searches[i].name;
  return {};
}

KafkaOutput::Topic& KafkaOutput::TopicOf(io::OutputLog log, std::size_t number) {
  for (Topic& topic : topics_) {
    if (topic.log == log && number-- == 0) return topic;
  }
  PLUMBLINE_CHECK(false, "effects come only of the logs that this output was opened for");
}

Result<std::optional<io::EffectId>> KafkaOutput::Tail(io::OutputLog log, std::uint32_t partition) {
  PLUMBLINE_CHECK(partition < options_.partitions, "a partition of the inputs");
  const std::scoped_lock lock(mutex_);
  std::optional<io::EffectId> least;
  for (const Topic& topic : topics_) {
    if (topic.log != log) continue;
    const auto& tail = topic.tails[partition];
    if (!tail) return std::optional<io::EffectId>{};
    if (!least || *tail < *least) least = tail;
  }
  return least;
}

Result<void> KafkaOutput::Put(Topic& topic, std::uint32_t partition, io::EffectId id, const Message& message) {
  if (topic.tails[partition] && id <= *topic.tails[partition]) return {};  // it is there already
  PLUMBLINE_TRY(producer_->Send(message));
  topic.tails[partition] = id;
  return {};
}

Result<void> KafkaOutput::Append(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms,
                                 const io::EffectView& effect) {
  PLUMBLINE_CHECK(partition < options_.partitions, "a partition of the inputs");
  const std::scoped_lock lock(mutex_);
  if (effect.log == io::OutputLog::kDeadLetters) return PutDeadLetter(partition, id, timestamp_ms, effect);
  Topic& topic = TopicOf(effect.log);
  const std::string name = io::EffectIdBytes(id);
  const io::HeaderView headers[] = {{io::kEffectHeader, AsBytes(name)}};
  Message message;
  message.topic = &topic.name;
  message.partition = static_cast<std::int32_t>(partition);
  message.key = effect.key;
  message.value = effect.value;
  message.headers = headers;
  message.timestamp_ms = timestamp_ms;
  return Put(topic, partition, id, message);
}

// Header names are Kafka Connect's, so that tools that know its dead-letter queues know ours.
Result<void> KafkaOutput::PutDeadLetter(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms,
                                        const io::EffectView& effect) {
  const auto letter = ParseDeadLetter(AsText(effect.value));
  PLUMBLINE_CHECK(letter.has_value(), "the machine writes dead letters in one form");
  PLUMBLINE_CHECK(letter->topic < options_.input_topics.size(), "a dead letter is of an input topic");
  const std::string& input = options_.input_topics[letter->topic];
  Topic& topic = TopicOf(io::OutputLog::kDeadLetters, letter->topic);
  const std::string name = io::EffectIdBytes(id);
  const std::string from_partition = std::to_string(letter->partition), from_offset = std::to_string(letter->offset);
  const io::HeaderView headers[] = {
      {"__connect.errors.topic", AsBytes(input)},
      {"__connect.errors.partition", AsBytes(from_partition)},
      {"__connect.errors.offset", AsBytes(from_offset)},
      {"__connect.errors.stage", AsBytes("intake")},
      {"__connect.errors.exception.class.name", AsBytes(letter->reason)},
      {"__connect.errors.exception.message", AsBytes(letter->detail)},
      {io::kEffectHeader, AsBytes(name)},
  };
  Message message;
  message.topic = &topic.name;
  message.partition = static_cast<std::int32_t>(partition);
  message.key = effect.key;
  message.value = AsBytes(letter->bytes);
  message.headers = headers;
  message.timestamp_ms = timestamp_ms;
  return Put(topic, partition, id, message);
}

Result<void> KafkaOutput::Flush(std::uint32_t) {
  const std::scoped_lock lock(mutex_);
  return producer_->Poll();
}

// In short waits, so that other workers get at the producer meanwhile.
Result<void> KafkaOutput::Sync(std::uint32_t) {
  for (int waited = 0;; waited += kTrySyncMs) {
    const std::scoped_lock lock(mutex_);
    auto flushed = producer_->Flush(kTrySyncMs);
    if (flushed || flushed.error().code != ErrorCode::kUnavailable || waited >= options_.sync_wait_ms) return flushed;
  }
}

Result<bool> KafkaOutput::TrySync(std::uint32_t) {
  const std::scoped_lock lock(mutex_);
  const auto flushed = producer_->Flush(kTrySyncMs);
  if (!flushed && flushed.error().code == ErrorCode::kUnavailable) return false;
  PLUMBLINE_TRY(flushed);
  return true;
}

}  // namespace plumbline::kafka
