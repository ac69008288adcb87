#include "connectors/kafka/admin.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <thread>

namespace plumbline::kafka {
namespace {

template <typename T, void (*kDestroy)(T*)>
struct Destroy {
  void operator()(T* thing) const { kDestroy(thing); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using Topic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using OldTopic = std::unique_ptr<rd_kafka_DeleteTopic_t, Destroy<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>>;
using Trim = std::unique_ptr<rd_kafka_DeleteRecords_t, Destroy<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>>;

Options OptionsFor(const Client& client, rd_kafka_admin_op_t operation) {
  std::array<char, 256> why{};
  Options options(rd_kafka_AdminOptions_new(client.get(), operation));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), client.request_timeout_ms(), why.data(), why.size());
  if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS || operation == RD_KAFKA_ADMIN_OP_DELETETOPICS)
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), client.request_timeout_ms(), why.data(), why.size());
  return options;
}

// The answer, or the request's error.
Result<Event> Answer(const Client& client, const Queue& queue, const std::string& doing) {
  Event event(rd_kafka_queue_poll(queue.get(), client.request_timeout_ms() + 5000));
  if (event == nullptr) return std::unexpected(KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, doing, client.bootstrap()));
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(KafkaError(code, doing, client.bootstrap()));
  return event;
}

Result<void> TopicResult(const Client& client, const rd_kafka_topic_result_t** topics, std::size_t count,
                         const std::string& doing) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    Error error = KafkaError(code, doing, client.bootstrap());
    if (const char* more = rd_kafka_topic_result_error_string(topics[i])) error.message += std::string(" (") + more + ")";
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace

Result<Admin> Admin::Create(const Settings& settings) {
  PLUMBLINE_ASSIGN(Client client, Client::Create(ClientKind::kProducer, settings, {}));
  return Admin(std::move(client));
}

Result<void> Admin::CreateTopic(const NewTopic& topic) {
  const std::string doing = "creating topic " + topic.name;
  std::array<char, 512> why{};
  Topic request(
      rd_kafka_NewTopic_new(topic.name.c_str(), static_cast<int>(topic.partitions), topic.replication, why.data(), why.size()));
  if (request == nullptr) return Fail(ErrorCode::kInvalidArgument, doing + ": " + why.data());
  for (const auto& [name, value] : topic.properties) rd_kafka_NewTopic_set_config(request.get(), name.c_str(), value.c_str());
  const Options options = OptionsFor(client_, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_NewTopic_t* requests[] = {request.get()};
  rd_kafka_CreateTopics(client_.get(), requests, 1, options.get(), queue.get());
  PLUMBLINE_ASSIGN(const Event event, Answer(client_, queue, doing));
  std::size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  PLUMBLINE_TRY(TopicResult(client_, results, count, doing));
  // The controller has answered; the broker that answers questions about topics learns of it a moment later.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(client_.request_timeout_ms());
  while (std::chrono::steady_clock::now() < end) {
    const auto known = QueryPartitions(client_, topic.name);
    if (known || known.error().code != ErrorCode::kNotFound) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return Fail(ErrorCode::kUnavailable, doing + ": the topic was created, but " + client_.bootstrap() + " does not know it yet");
}

Result<void> Admin::DeleteTopic(const std::string& name) {
  const std::string doing = "deleting topic " + name;
  const OldTopic request(rd_kafka_DeleteTopic_new(name.c_str()));
  const Options options = OptionsFor(client_, RD_KAFKA_ADMIN_OP_DELETETOPICS);
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DeleteTopic_t* requests[] = {request.get()};
  rd_kafka_DeleteTopics(client_.get(), requests, 1, options.get(), queue.get());
  PLUMBLINE_ASSIGN(const Event event, Answer(client_, queue, doing));
  std::size_t count = 0;
  const auto** results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  return TopicResult(client_, results, count, doing);
}

Result<void> Admin::TrimTopic(const std::string& name, std::uint32_t partition, std::int64_t offset) {
  const std::string doing = "trimming topic " + name + " [" + std::to_string(partition) + "]";
  const PartitionList before(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(before.get(), name.c_str(), static_cast<std::int32_t>(partition))->offset = offset;
  const Trim request(rd_kafka_DeleteRecords_new(before.get()));
  const Options options = OptionsFor(client_, RD_KAFKA_ADMIN_OP_DELETERECORDS);
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DeleteRecords_t* requests[] = {request.get()};
  rd_kafka_DeleteRecords(client_.get(), requests, 1, options.get(), queue.get());
  PLUMBLINE_ASSIGN(const Event event, Answer(client_, queue, doing));
  const auto* offsets = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  for (int i = 0; i < offsets->cnt; ++i)
    if (offsets->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::unexpected(KafkaError(offsets->elems[i].err, doing, client_.bootstrap()));
  return {};
}

Result<std::map<std::string, std::string>> Admin::TopicProperties(const std::string& name) {
  const std::string doing = "asking for the settings of topic " + name;
  const Resource request(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
  const Options options = OptionsFor(client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_ConfigResource_t* requests[] = {request.get()};
  rd_kafka_DescribeConfigs(client_.get(), requests, 1, options.get(), queue.get());
  PLUMBLINE_ASSIGN(const Event event, Answer(client_, queue, doing));
  std::size_t count = 0;
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  std::map<std::string, std::string> properties;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto code = rd_kafka_ConfigResource_error(resources[i]); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::unexpected(KafkaError(code, doing, client_.bootstrap()));
    std::size_t entries = 0;
    const auto** configs = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t k = 0; k < entries; ++k) {
      const char* value = rd_kafka_ConfigEntry_value(configs[k]);
      properties[rd_kafka_ConfigEntry_name(configs[k])] = value == nullptr ? "" : value;
    }
  }
  return properties;
}

}  // namespace plumbline::kafka
