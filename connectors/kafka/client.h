// RAII over librdkafka's C API, and what producer, source and administration share: how a client is set up, how its error codes
// become errors a hospital engineer can act on. librdkafka's header is included in .cc files of this folder only.
//
// Correct on librdkafka 2.0.2 (Debian 12): see README.md for what of it is avoided.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

struct rd_kafka_s;
struct rd_kafka_topic_partition_list_s;

namespace plumbline::kafka {

struct Settings {
  std::string bootstrap;                          // host:port[,host:port...]
  std::map<std::string, std::string> properties;  // further librdkafka properties: security.protocol, sasl.*, ssl.* ...
  int request_timeout_ms = 5000;                  // for questions answered now: watermarks, metadata, administration
};

enum class ClientKind { kProducer, kConsumer };

// What librdkafka reports from its own threads: the last error and whether all brokers were down then.
class ClientEvents {
 public:
  void Report(int code, std::string_view reason);
  [[nodiscard]] std::string last_error() const;
  [[nodiscard]] int last_code() const { return last_code_.load(std::memory_order_relaxed); }
  // A fatal error: the client must be closed; nothing more leaves or comes.
  [[nodiscard]] bool fatal() const { return fatal_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t errors() const { return errors_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::string last_error_;
  std::atomic<int> last_code_ = 0;
  std::atomic<bool> fatal_ = false;
  std::atomic<std::uint64_t> errors_ = 0;
};

// One librdkafka client. Movable; closing waits for its threads.
class Client {
 public:
  // `defaults` are set first, then the settings' own properties; `opaque` reaches the callbacks named in `on_configure`.
  static Result<Client> Create(ClientKind kind, const Settings& settings, const std::map<std::string, std::string>& defaults,
                               void (*delivery_report)(rd_kafka_s*, const void* message, void* opaque) = nullptr,
                               void* opaque = nullptr);
  Client(Client&&) = default;
  Client& operator=(Client&&) = default;

  [[nodiscard]] rd_kafka_s* get() const { return handle_.get(); }
  [[nodiscard]] ClientEvents& events() const { return context_->events; }
  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }
  [[nodiscard]] int request_timeout_ms() const { return request_timeout_ms_; }
  // Closes now: for a consumer, leaves; for a producer, drops what was not sent.
  void Close() { handle_.reset(); }
  // Leaves the client as it is until the process ends: closing one that waits for a deleted topic never returns.
  void Abandon() {
    (void)handle_.release();
    (void)context_.release();
  }

  struct Context {
    ClientEvents events;
    void (*delivery_report)(rd_kafka_s*, const void* message, void* opaque) = nullptr;
    void* opaque = nullptr;
  };

 private:
  Client() = default;
  struct Deleter {
    void operator()(rd_kafka_s* handle) const;
  };
  // The context outlives the handle: its threads call back until it is destroyed.
  std::unique_ptr<Context> context_;
  std::unique_ptr<rd_kafka_s, Deleter> handle_;
  std::string bootstrap_;
  int request_timeout_ms_ = 5000;
};

// `code` is an rd_kafka_resp_err_t. `doing` says what was tried: "asking for the end of lab.device.v1 [3]".
[[nodiscard]] Error KafkaError(int code, std::string_view doing, std::string_view bootstrap);
// Whether trying again may help.
[[nodiscard]] bool IsTransient(int code);

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_s* list) const;
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_s, ListDeleter>;

struct Watermarks {
  std::int64_t low = 0;
  std::int64_t end = 0;
};
enum class End { kLow, kHigh };
// Asked now from the partition's leader.
[[nodiscard]] Result<std::int64_t> QueryOffset(const Client& client, const std::string& topic, std::uint32_t partition,
                                               End which);
// The same of many partitions in one question, in the order asked.
struct PartitionName {
  std::string topic;
  std::uint32_t partition = 0;
};
[[nodiscard]] Result<std::vector<std::int64_t>> QueryOffsets(const Client& client, const std::vector<PartitionName>& partitions,
                                                             End which);
[[nodiscard]] Result<Watermarks> QueryWatermarks(const Client& client, const std::string& topic, std::uint32_t partition);
// Number of partitions, asked now.
[[nodiscard]] Result<std::uint32_t> QueryPartitions(const Client& client, const std::string& topic);
// Changes when the cluster is set up anew.
[[nodiscard]] Result<std::string> QueryClusterId(const Client& client);

}  // namespace plumbline::kafka
