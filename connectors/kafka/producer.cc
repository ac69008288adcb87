#include "connectors/kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>

namespace plumbline::kafka {
namespace {

using Clock = std::chrono::steady_clock;

struct HeadersDeleter {
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
};
using Headers = std::unique_ptr<rd_kafka_headers_t, HeadersDeleter>;

Headers HeadersOf(std::span<const io::HeaderView> views) {
  Headers headers(rd_kafka_headers_new(views.size()));
  for (const io::HeaderView& view : views)
    rd_kafka_header_add(headers.get(), view.name.data(), static_cast<ssize_t>(view.name.size()), view.value.data(),
                        static_cast<ssize_t>(view.value.size()));
  return headers;
}

int LeftMs(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<long long>(left, 0));
}

rd_kafka_resp_err_t Produce(rd_kafka_t* handle, const Message& message, rd_kafka_headers_t* headers) {
  // librdkafka takes void* but copies: RD_KAFKA_MSG_F_COPY.
  auto* key = const_cast<std::byte*>(message.key.data());
  auto* value = const_cast<std::byte*>(message.value.data());
  if (headers == nullptr)
    return rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(message.topic->c_str()), RD_KAFKA_V_PARTITION(message.partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, message.key.size()),
                             RD_KAFKA_V_VALUE(value, message.value.size()), RD_KAFKA_V_TIMESTAMP(message.timestamp_ms),
                             RD_KAFKA_V_END);
  return rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(message.topic->c_str()), RD_KAFKA_V_PARTITION(message.partition),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, message.key.size()),
                           RD_KAFKA_V_VALUE(value, message.value.size()), RD_KAFKA_V_TIMESTAMP(message.timestamp_ms),
                           RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::Create(const Settings& settings, const Options& options) {
  auto producer = std::make_unique<Producer>(Private{});
  const std::map<std::string, std::string> defaults = {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"partitioner", "murmur2_random"},
      {"linger.ms", std::to_string(options.linger_ms)},
      {"message.timeout.ms", "0"},  // never given up: an outage delays
      {"queue.buffering.max.messages", std::to_string(options.queue_messages)},
      {"queue.buffering.max.kbytes", std::to_string(options.queue_kbytes)},
      {"message.max.bytes", "20000000"},
      {"compression.type", options.compression},
  };
  PLUMBLINE_ASSIGN(Client client,
                   Client::Create(ClientKind::kProducer, settings, defaults, &Producer::OnDelivery, producer.get()));
  producer->client_ = std::make_unique<Client>(std::move(client));
  producer->keep_offsets_ = options.keep_offsets;
  return producer;
}

Producer::~Producer() = default;

void Producer::OnDelivery(rd_kafka_s*, const void* message, void* opaque) {
  auto* self = static_cast<Producer*>(opaque);
  const auto* report = static_cast<const rd_kafka_message_t*>(message);
  if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++self->acknowledged_;
    if (self->keep_offsets_) self->offsets_[report->partition] = report->offset;
  } else if (self->refused_code_ == 0 && report->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE) {
    self->refused_code_ = report->err;
    self->refused_topic_ = report->rkt == nullptr ? "?" : rd_kafka_topic_name(report->rkt);
  }
}

Result<void> Producer::Prepare(const std::vector<std::string>& topics) {
  for (const std::string& topic : topics) PLUMBLINE_TRY(QueryPartitions(*client_, topic));
  return {};
}

Result<void> Producer::Refused() const {
  if (refused_code_ != 0)
    return std::unexpected(KafkaError(refused_code_, "writing to topic " + refused_topic_, client_->bootstrap()));
  if (client_->events().fatal())
    return Fail(ErrorCode::kIo, "the Kafka producer at " + client_->bootstrap() + " stopped: " + client_->events().last_error());
  return {};
}

Result<void> Producer::Send(const Message& message, int wait_ms) {
  PLUMBLINE_TRY(Refused());
  Headers headers;
  if (!message.headers.empty()) headers = HeadersOf(message.headers);
  const auto code = Produce(client_->get(), message, headers.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (void)headers.release();  // librdkafka owns them now
    if ((++sent_ & 0xff) == 0) return Poll();
    return {};
  }
  if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return std::unexpected(KafkaError(code, "writing to topic " + *message.topic, client_->bootstrap()));
  const auto end = Clock::now() + std::chrono::milliseconds(wait_ms);
  for (int left = wait_ms; left > 0; left = LeftMs(end)) {
    rd_kafka_poll(client_->get(), std::min(left, 100));
    PLUMBLINE_TRY(Refused());
    const auto again = Produce(client_->get(), message, headers.get());
    if (again == RD_KAFKA_RESP_ERR__QUEUE_FULL) continue;
    if (again != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::unexpected(KafkaError(again, "writing to topic " + *message.topic, client_->bootstrap()));
    (void)headers.release();
    ++sent_;
    return {};
  }
  return Fail(ErrorCode::kUnavailable, "Kafka at " + client_->bootstrap() +
                                           " does not take records: " + std::to_string(sent_ - acknowledged_) + " wait (" +
                                           client_->events().last_error() + ")");
}

Result<void> Producer::Flush(int wait_ms) {
  const auto end = Clock::now() + std::chrono::milliseconds(wait_ms);
  int left = wait_ms;
  do {
    rd_kafka_flush(client_->get(), std::min(left, 200));
    PLUMBLINE_TRY(Refused());
    if (acknowledged_ == sent_) return {};
    left = LeftMs(end);
  } while (left > 0);
  return Fail(ErrorCode::kUnavailable, std::to_string(sent_ - acknowledged_) + " records are not acknowledged by Kafka at " +
                                           client_->bootstrap() + " (" + client_->events().last_error() +
                                           "); they are sent when it is back");
}

std::int64_t Producer::LastOffset(std::int32_t partition) const {
  const auto at = offsets_.find(partition);
  return at == offsets_.end() ? -1 : at->second;
}

Result<void> Producer::Poll() {
  rd_kafka_poll(client_->get(), 0);
  return Refused();
}

}  // namespace plumbline::kafka
