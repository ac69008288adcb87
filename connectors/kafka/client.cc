#include "connectors/kafka/client.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <thread>

namespace plumbline::kafka {
namespace {

constexpr int kLeaderWaitMs = 100;  // until a leader is asked for again

void OnError(rd_kafka_t*, int code, const char* reason, void* opaque) {
  static_cast<Client::Context*>(opaque)->events.Report(code, reason == nullptr ? "" : reason);
}

// librdkafka's own lines would go to standard error; what matters reaches ClientEvents.
void OnLog(const rd_kafka_t*, int, const char*, const char*) {}

void OnDelivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque) {
  const auto* context = static_cast<Client::Context*>(opaque);
  if (context->delivery_report != nullptr) context->delivery_report(handle, message, context->opaque);
}

struct ConfigDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Config = std::unique_ptr<rd_kafka_conf_t, ConfigDeleter>;

Result<void> Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) return {};
  return Fail(ErrorCode::kConfig, "Kafka property " + name + "=" + value + ": " + why.data());
}

}  // namespace

void ClientEvents::Report(int code, std::string_view reason) {
  errors_.fetch_add(1, std::memory_order_relaxed);
  // That all brokers are down says less than why one is.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && last_code_.load(std::memory_order_relaxed) != 0) return;
  last_code_.store(code, std::memory_order_relaxed);
  if (code == RD_KAFKA_RESP_ERR__FATAL) fatal_.store(true, std::memory_order_relaxed);
  const std::scoped_lock lock(mutex_);
  last_error_ = std::string(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code))) + ": " + std::string(reason);
}

std::string ClientEvents::last_error() const {
  const std::scoped_lock lock(mutex_);
  return last_error_;
}

void Client::Deleter::operator()(rd_kafka_s* handle) const { rd_kafka_destroy(handle); }

Result<Client> Client::Create(ClientKind kind, const Settings& settings, const std::map<std::string, std::string>& defaults,
                              void (*delivery_report)(rd_kafka_s*, const void*, void*), void* opaque) {
  Client client;
  client.context_ = std::make_unique<Context>();
  client.context_->delivery_report = delivery_report;
  client.context_->opaque = opaque;
  client.bootstrap_ = settings.bootstrap;
  client.request_timeout_ms_ = settings.request_timeout_ms;

  Config conf(rd_kafka_conf_new());
  PLUMBLINE_TRY(Set(conf.get(), "bootstrap.servers", settings.bootstrap));
  PLUMBLINE_TRY(Set(conf.get(), "client.id", "plumbline"));
  PLUMBLINE_TRY(Set(conf.get(), "socket.nagle.disable", "true"));
  PLUMBLINE_TRY(Set(conf.get(), "reconnect.backoff.ms", "100"));
  PLUMBLINE_TRY(Set(conf.get(), "reconnect.backoff.max.ms", "2000"));
  PLUMBLINE_TRY(Set(conf.get(), "log.connection.close", "false"));
  for (const auto& [name, value] : defaults) PLUMBLINE_TRY(Set(conf.get(), name, value));
  for (const auto& [name, value] : settings.properties) PLUMBLINE_TRY(Set(conf.get(), name, value));
  rd_kafka_conf_set_opaque(conf.get(), client.context_.get());
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  if (kind == ClientKind::kProducer) rd_kafka_conf_set_dr_msg_cb(conf.get(), OnDelivery);

  std::array<char, 512> why{};
  const rd_kafka_type_t type = kind == ClientKind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  client.handle_.reset(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (client.handle_ == nullptr) return Fail(ErrorCode::kConfig, "the Kafka client cannot be set up: " + std::string(why.data()));
  (void)conf.release();  // the client owns it now
  return client;
}

bool IsTransient(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
      return true;
    default:
      return false;
  }
}

Error KafkaError(int code, std::string_view doing, std::string_view bootstrap) {
  const auto resp = static_cast<rd_kafka_resp_err_t>(code);
  std::string text = std::string(doing) + " at " + std::string(bootstrap) + ": " + rd_kafka_err2str(resp);
  switch (resp) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return {ErrorCode::kNotFound, text + "; create the topic or correct its name in the configuration"};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return {ErrorCode::kTrimmed, text + "; the topic no longer holds the position: it was trimmed or recreated"};
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return {ErrorCode::kConfig, text + "; the broker refuses these credentials: check the user's rights"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return {ErrorCode::kLimit, text + "; raise max.message.bytes of the topic"};
    default:
      break;
  }
  if (IsTransient(code)) return {ErrorCode::kUnavailable, text + "; is the broker running and reachable from here?"};
  return {ErrorCode::kIo, text};
}

void ListDeleter::operator()(rd_kafka_topic_partition_list_s* list) const { rd_kafka_topic_partition_list_destroy(list); }

Result<std::int64_t> QueryOffset(const Client& client, const std::string& topic, std::uint32_t partition, End which) {
  PLUMBLINE_ASSIGN(const auto offsets, QueryOffsets(client, {{topic, partition}}, which));
  return offsets.front();
}

namespace {

struct Refused {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::size_t partition = 0;  // of those that were asked for
};

Refused AskOffsets(const Client& client, const std::vector<PartitionName>& partitions, End which,
                   std::vector<std::int64_t>* offsets) {
  // Not rd_kafka_query_watermark_offsets: in 2.0.2 it waits for ever, past its time-out, when the leader goes away meanwhile.
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const PartitionName& p : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), static_cast<std::int32_t>(p.partition))->offset =
        which == End::kLow ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  }
  const auto asked = rd_kafka_offsets_for_times(client.get(), list.get(), client.request_timeout_ms());
  offsets->clear();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const rd_kafka_topic_partition_t& answer = list->elems[i];
    auto code = asked == RD_KAFKA_RESP_ERR_NO_ERROR ? answer.err : asked;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && answer.offset < 0) code = RD_KAFKA_RESP_ERR__TIMED_OUT;  // no answer for this one
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return {code, i};
    offsets->push_back(answer.offset);
  }
  return {};
}

}  // namespace

Result<std::vector<std::int64_t>> QueryOffsets(const Client& client, const std::vector<PartitionName>& partitions, End which) {
  std::vector<std::int64_t> offsets;
  Refused refused;
  // A topic that was just made, or whose leader has moved, has no leader for a moment: the next answer knows it.
  for (int waited_ms = 0; waited_ms <= client.request_timeout_ms(); waited_ms += kLeaderWaitMs) {
    refused = AskOffsets(client, partitions, which, &offsets);
    if (refused.code != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION && refused.code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
      break;
    std::this_thread::sleep_for(std::chrono::milliseconds(kLeaderWaitMs));
  }
  if (refused.code == RD_KAFKA_RESP_ERR_NO_ERROR) return offsets;
  const PartitionName& at = partitions[refused.partition];
  const std::string where = at.topic + " [" + std::to_string(at.partition) + "]";
  return std::unexpected(KafkaError(refused.code, "asking for the ends of " + where, client.bootstrap()));
}

Result<Watermarks> QueryWatermarks(const Client& client, const std::string& topic, std::uint32_t partition) {
  Watermarks marks;
  PLUMBLINE_ASSIGN(marks.low, QueryOffset(client, topic, partition, End::kLow));
  PLUMBLINE_ASSIGN(marks.end, QueryOffset(client, topic, partition, End::kHigh));
  return marks;
}

// A question that got no answer says a time-out; the events of the client say why: an unknown host, a refused password.
Error Unanswered(const Client& client, int code, const std::string& doing) {
  if (rd_kafka_type(client.get()) == RD_KAFKA_PRODUCER) rd_kafka_poll(client.get(), 0);
  const std::string why = client.events().last_error();
  if (!IsTransient(code) || why.empty()) return KafkaError(code, doing, client.bootstrap());
  const int known = client.events().last_code();
  Error error = KafkaError(known == RD_KAFKA_RESP_ERR__AUTHENTICATION ? known : code, doing, client.bootstrap());
  error.message += " (" + why + ")";
  // Neither unknown nor refused: a listener that wants to be spoken to otherwise hangs up without a word.
  const bool away = why.find("Connect to") != std::string::npos || known == RD_KAFKA_RESP_ERR__RESOLVE;
  if (error.code == ErrorCode::kUnavailable && !away)
    error.message += "; does security.protocol (kafka.properties) fit the broker?";
  return error;
}

Result<std::uint32_t> QueryPartitions(const Client& client, const std::string& topic) {
  const std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> handle(
      rd_kafka_topic_new(client.get(), topic.c_str(), nullptr), rd_kafka_topic_destroy);
  if (handle == nullptr) return std::unexpected(KafkaError(rd_kafka_last_error(), "naming topic " + topic, client.bootstrap()));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(client.get(), 0, handle.get(), &raw, client.request_timeout_ms());
  const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> metadata(raw, rd_kafka_metadata_destroy);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(Unanswered(client, code, "asking about topic " + topic));
  if (metadata->topic_cnt != 1) return Fail(ErrorCode::kInternal, "the broker answered about another topic than " + topic);
  const rd_kafka_metadata_topic_t& answer = metadata->topics[0];
  if (answer.err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(KafkaError(answer.err, "asking about topic " + topic, client.bootstrap()));
  return static_cast<std::uint32_t>(answer.partition_cnt);
}

Result<std::string> QueryClusterId(const Client& client) {
  char* raw = rd_kafka_clusterid(client.get(), client.request_timeout_ms());
  if (raw == nullptr)
    return Fail(ErrorCode::kUnavailable,
                "no answer from the Kafka cluster at " + client.bootstrap() + "; is the broker running?");
  std::string id = raw;
  rd_kafka_mem_free(client.get(), raw);
  return id;
}

}  // namespace plumbline::kafka
