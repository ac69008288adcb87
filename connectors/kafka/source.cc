#include "connectors/kafka/source.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace plumbline::kafka {
namespace {

constexpr std::size_t kMostPerPoll = 4096;
constexpr std::uint32_t kServeEvery = 64;  // polls between two looks at the client's own events
constexpr std::uint32_t kLeastAheadKbytes = 4096;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};

}  // namespace

std::map<std::string, std::string> ConsumerDefaults(const std::string& group, std::uint32_t ahead_kbytes) {
  return {
      {"group.id", group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},
      {"isolation.level", "read_committed"},
      {"check.crcs", "true"},
      {"fetch.min.bytes", "1"},
      {"fetch.wait.max.ms", "50"},
      {"fetch.error.backoff.ms", "100"},
      {"max.partition.fetch.bytes", "4194304"},
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", std::to_string(ahead_kbytes)},
  };
}

struct KafkaSource::Stream {
  io::TopicPartition id;
  Arrival arrival = Arrival::kLogAppendTime;
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue;
  bool assigned = false;
  bool pending = false;
  bool at_end = false;
  std::int64_t position = 0;
  std::vector<rd_kafka_message_t*> held;  // what the records point into
  std::vector<io::Record> records;
  std::vector<io::HeaderView> headers;
  std::vector<std::pair<std::size_t, std::size_t>> header_runs;  // by record: first, count
  Error failure;
  bool failed = false;

  ~Stream() { Release(); }
  void Release() {
    for (rd_kafka_message_t* message : held) rd_kafka_message_destroy(message);
    held.clear();
    records.clear();
    headers.clear();
    header_runs.clear();
  }
  void Fails(Error error) {
    if (!failed) failure = std::move(error);
    failed = true;
  }
};

KafkaSource::KafkaSource(Private, Options options) : options_(std::move(options)) {}

KafkaSource::~KafkaSource() {
  streams_.clear();  // messages and queues first, then their client
  if (topic_deleted_) {
    questions_->Abandon();
    consumer_->Abandon();
  }
  consumer_.reset();
}

Result<std::unique_ptr<KafkaSource>> KafkaSource::Open(const Options& options) {
  if (options.topics.empty()) return Fail(ErrorCode::kConfig, "no Kafka topics to read are configured");
  auto source = std::make_unique<KafkaSource>(Private{}, options);
  PLUMBLINE_ASSIGN(Client questions, Client::Create(ClientKind::kConsumer, options.settings,
                                                    {{"group.id", options.group}, {"isolation.level", "read_uncommitted"}}));
  source->questions_ = std::make_unique<Client>(std::move(questions));
  for (std::uint16_t topic = 0; topic < options.topics.size(); ++topic) {
    PLUMBLINE_ASSIGN(const std::uint32_t count, source->Partitions(topic));
    if (topic > 0 && count != source->partitions_)
      return Fail(ErrorCode::kConfig, "input topics must have one partition count, or a patient's streams do not meet: " +
                                          options.topics[0].name + " has " + std::to_string(source->partitions_) + ", " +
                                          options.topics[topic].name + " has " + std::to_string(count));
    source->partitions_ = count;
  }
  const auto streams = static_cast<std::uint32_t>(options.topics.size()) * source->partitions_;
  const std::uint32_t ahead = std::max(options.ahead_mbytes * 1024 / streams, kLeastAheadKbytes);
  PLUMBLINE_ASSIGN(Client consumer,
                   Client::Create(ClientKind::kConsumer, options.settings, ConsumerDefaults(options.group, ahead)));
  source->consumer_ = std::make_unique<Client>(std::move(consumer));
  rd_kafka_poll_set_consumer(source->consumer_->get());
  source->streams_.resize(streams);
  return source;
}

std::string KafkaSource::NameOf(io::TopicPartition of) const {
  return options_.topics[of.topic].name + " [" + std::to_string(of.partition) + "]";
}

KafkaSource::Stream* KafkaSource::Find(io::TopicPartition of) const {
  PLUMBLINE_CHECK(of.topic < options_.topics.size() && of.partition < partitions_, "a topic-partition of this source");
  return streams_[of.topic * partitions_ + of.partition].get();
}

KafkaSource::Stream& KafkaSource::Make(io::TopicPartition of) {
  if (Stream* stream = Find(of)) return *stream;
  auto stream = std::make_unique<Stream>();
  stream->id = of;
  stream->arrival = options_.topics[of.topic].arrival;
  stream->held.reserve(kMostPerPoll);
  stream->records.reserve(kMostPerPoll);
  stream->header_runs.reserve(kMostPerPoll);
  stream->queue.reset(rd_kafka_queue_get_partition(consumer_->get(), options_.topics[of.topic].name.c_str(),
                                                   static_cast<std::int32_t>(of.partition)));
  PLUMBLINE_CHECK(stream->queue != nullptr, "a consumer has a queue for each partition");
  // A queue of its own from the start: assigning does not forward it to the consumer's common queue then.
  rd_kafka_queue_forward(stream->queue.get(), nullptr);
  auto& slot = streams_[of.topic * partitions_ + of.partition];
  slot = std::move(stream);
  return *slot;
}

Result<void> KafkaSource::Seek(io::TopicPartition from, std::int64_t offset) {
  Watermarks marks;
  PLUMBLINE_ASSIGN(marks.low, Ask(from, End::kLow));
  PLUMBLINE_ASSIGN(marks.end, Ask(from, End::kHigh));
  if (offset < marks.low)
    return Fail(ErrorCode::kTrimmed, NameOf(from) + " begins at offset " + std::to_string(marks.low) + ", offset " +
                                         std::to_string(offset) + " is needed: the topic was trimmed before it was read; " +
                                         "its retention must exceed the time an engine may stand still");
  if (offset > marks.end)
    return Fail(ErrorCode::kTrimmed, NameOf(from) + " ends at offset " + std::to_string(marks.end) +
                                         ", which is below the position " + std::to_string(offset) +
                                         ": the topic was deleted and created anew, or lost records");
  Stream& stream = Make(from);
  stream.Release();
  stream.position = offset;
  stream.at_end = false;
  stream.failed = false;
  if (stream.assigned) return SeekAssigned(stream);
  if (!stream.pending) pending_.push_back(&stream);
  stream.pending = true;
  return {};
}

Result<void> KafkaSource::SeekAssigned(Stream& stream) {
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), options_.topics[stream.id.topic].name.c_str(),
                                    static_cast<std::int32_t>(stream.id.partition))
      ->offset = stream.position;
  // -1: the time-out of this call is a thousand times too short before 2.1.0.
  rd_kafka_error_t* error = rd_kafka_seek_partitions(consumer_->get(), list.get(), -1);
  int code = list->elems[0].err;
  if (error != nullptr) {
    code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(KafkaError(code, "going to a position of " + NameOf(stream.id), consumer_->bootstrap()));
}

Result<void> KafkaSource::AssignPending() {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(pending_.size())));
  for (Stream* stream : pending_)
    rd_kafka_topic_partition_list_add(list.get(), options_.topics[stream->id.topic].name.c_str(),
                                      static_cast<std::int32_t>(stream->id.partition))
        ->offset = stream->position;
  if (rd_kafka_error_t* error = rd_kafka_incremental_assign(consumer_->get(), list.get())) {
    const int code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return std::unexpected(KafkaError(code, "taking partitions", consumer_->bootstrap()));
  }
  for (Stream* stream : pending_) {
    stream->assigned = true;
    stream->pending = false;
  }
  pending_.clear();
  return {};
}

std::int64_t KafkaSource::Position(io::TopicPartition of) const {
  const Stream* stream = Find(of);
  PLUMBLINE_CHECK(stream != nullptr, "Seek comes before Position");
  return stream->position;
}

bool KafkaSource::SeemsAtEnd(io::TopicPartition of) const {
  const Stream* stream = Find(of);
  return stream != nullptr && stream->at_end && rd_kafka_queue_length(stream->queue.get()) == 0;
}

void KafkaSource::Serve() {
  polls_ = 0;
  // What arrives here is not of a partition: broker errors, which reach the client's events as well.
  if (rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer_->get(), 0)) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) consumer_->events().Report(message->err, rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message);
  }
}

Result<std::span<const io::Record>> KafkaSource::Poll(io::TopicPartition from, std::size_t most) {
  Stream* stream = Find(from);
  PLUMBLINE_CHECK(stream != nullptr, "Seek comes before Poll");
  stream->Release();
  if (!pending_.empty()) PLUMBLINE_TRY(AssignPending());
  if (++polls_ >= kServeEvery) Serve();
  if (stream->failed) return std::unexpected(stream->failure);
  if (rd_kafka_queue_length(stream->queue.get()) == 0) return std::span<const io::Record>{};

  most = std::min(most, kMostPerPoll);
  stream->held.resize(most);
  const ssize_t count = rd_kafka_consume_batch_queue(stream->queue.get(), 0, stream->held.data(), most);
  stream->held.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  for (const rd_kafka_message_t* message : stream->held) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      Accept(*stream, message);
    else
      AcceptEvent(*stream, message);
    if (stream->failed) break;
  }
  for (std::size_t i = 0; i < stream->records.size(); ++i)
    stream->records[i].headers = {stream->headers.data() + stream->header_runs[i].first, stream->header_runs[i].second};
  if (stream->failed && stream->records.empty()) return std::unexpected(stream->failure);
  return std::span<const io::Record>(stream->records);
}

void KafkaSource::Accept(Stream& stream, const void* raw) {
  const auto* message = static_cast<const rd_kafka_message_t*>(raw);
  if (message->offset < stream.position) return;  // left over from before a seek
  rd_kafka_timestamp_type_t type{};
  const std::int64_t timestamp = rd_kafka_message_timestamp(message, &type);
  const bool appended = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
  if (appended != (stream.arrival == Arrival::kLogAppendTime)) {
    const std::string wanted = appended ? "CreateTime, since it is read as an import" : "LogAppendTime";
    stream.Fails({ErrorCode::kConfig, NameOf(stream.id) + " offset " + std::to_string(message->offset) +
                                          ": message.timestamp.type of this topic must be " + wanted +
                                          "; arrival times would be the senders' own otherwise"});
    return;
  }
  io::Record record;
  record.topic = stream.id.topic;
  record.partition = stream.id.partition;
  record.offset = message->offset;
  record.timestamp_ms = timestamp;
  record.key = {static_cast<const std::byte*>(message->key), message->key_len};
  record.value = {static_cast<const std::byte*>(message->payload), message->len};
  stream.records.push_back(record);
  AcceptHeaders(stream, message);
  stream.position = message->offset + 1;
  stream.at_end = false;
}

void KafkaSource::AcceptHeaders(Stream& stream, const void* raw) {
  const auto* message = static_cast<const rd_kafka_message_t*>(raw);
  const std::size_t first = stream.headers.size();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      stream.headers.push_back({name, {static_cast<const std::byte*>(value), value == nullptr ? 0 : size}});
  }
  stream.header_runs.emplace_back(first, stream.headers.size() - first);
}

void KafkaSource::AcceptEvent(Stream& stream, const void* raw) {
  const auto* message = static_cast<const rd_kafka_message_t*>(raw);
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Its offset lies past transaction markers and aborted records, which no record tells of.
    stream.position = std::max(stream.position, message->offset);
    stream.at_end = true;
    return;
  }
  if (IsTransient(message->err)) {
    consumer_->events().Report(message->err, rd_kafka_message_errstr(message));
    return;
  }
  Error error = KafkaError(message->err, "reading " + NameOf(stream.id) + " from offset " + std::to_string(stream.position),
                           consumer_->bootstrap());
  // A topic that was there when reading began and is no more: its records are gone, and so is the position.
  if (error.code == ErrorCode::kNotFound) error = {ErrorCode::kTrimmed, NameOf(stream.id) + " was deleted while it was read"};
  stream.Fails(std::move(error));
}

Result<std::int64_t> KafkaSource::Ask(io::TopicPartition of, End which) {
  PLUMBLINE_CHECK(of.topic < options_.topics.size() && of.partition < partitions_, "a topic-partition of this source");
  auto offset = QueryOffset(*questions_, options_.topics[of.topic].name, of.partition, which);
  trouble_ = offset ? "" : offset.error().message;
  return offset;
}

Result<std::int64_t> KafkaSource::EndOffset(io::TopicPartition of) {
  const Stream* stream = Find(of);
  const auto asked = Ask(of, End::kHigh);
  // A topic that is no more gives no end, and no error to its reader either: librdkafka waits for it to come back.
  if (!asked && stream != nullptr) {
    const auto partitions = Partitions(of.topic);
    if (!partitions && partitions.error().code == ErrorCode::kNotFound) {
      topic_deleted_ = true;
      return Fail(ErrorCode::kTrimmed, NameOf(of) + " was deleted while it was read (position " +
                                           std::to_string(stream->position) +
                                           "); restore the topic, or start anew with another state folder");
    }
  }
  PLUMBLINE_ASSIGN(const std::int64_t end, asked);
  if (stream != nullptr && end < stream->position)
    return Fail(ErrorCode::kTrimmed, NameOf(of) + " ends at offset " + std::to_string(end) + ", below what was read (" +
                                         std::to_string(stream->position) + "): the topic was deleted and created anew");
  return end;
}

Result<std::int64_t> KafkaSource::LowWatermark(io::TopicPartition of) { return Ask(of, End::kLow); }

Result<std::uint32_t> KafkaSource::Partitions(std::uint16_t topic) {
  return QueryPartitions(*questions_, options_.topics[topic].name);
}

std::string KafkaSource::TopicName(std::uint16_t topic) const { return options_.topics[topic].name; }

Result<std::string> KafkaSource::TopicIdentity(std::uint16_t) { return QueryClusterId(*questions_); }

std::string KafkaSource::Trouble() const {
  if (!trouble_.empty()) return trouble_;
  if (consumer_->events().fatal()) return consumer_->events().last_error();
  return {};
}

}  // namespace plumbline::kafka
