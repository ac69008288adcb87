// Writes records to Kafka: idempotent, acknowledged by all replicas, keyed as Java's producer keys (murmur2), with a timestamp of
// the caller's where the topic takes CreateTime. Used by the output sink, the importer and the generator; one thread at a time.
//
// A broker that is away delays delivery, it loses nothing: records wait here (bounded) and are sent in order when it is back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kafka/client.h"
#include "engine/io/record.h"

namespace plumbline::kafka {

inline constexpr std::int32_t kPartitionByKey = -1;  // murmur2 of the key; no key: any partition

struct Message {
  const std::string* topic = nullptr;
  std::int32_t partition = kPartitionByKey;
  std::span<const std::byte> key;
  std::span<const std::byte> value;
  std::span<const io::HeaderView> headers;
  std::int64_t timestamp_ms = 0;  // 0: the broker's or the client's; only kept by topics with CreateTime
};

class Producer {
  struct Private {};

 public:
  struct Options {
    int linger_ms = 0;                       // 5-50 for bulk
    std::uint32_t queue_messages = 500'000;  // Send waits beyond either limit
    std::uint32_t queue_kbytes = 256 * 1024;
    std::string compression = "none";  // lz4, zstd ...
    bool keep_offsets = false;         // LastOffset knows them
  };
  static Result<std::unique_ptr<Producer>> Create(const Settings& settings, const Options& options);
  explicit Producer(Private) {}
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Checks that the topics are there and learns their leaders, without which the first record waits up to a second.
  Result<void> Prepare(const std::vector<std::string>& topics);
  // Takes a copy. Waits while the queue is full; fails when an earlier record was refused for good or `wait_ms` is over.
  Result<void> Send(const Message& message, int wait_ms = 60'000);
  // Waits until everything sent is acknowledged. kUnavailable when that takes longer: nothing is lost, call it again.
  Result<void> Flush(int wait_ms);
  // Serves acknowledgements without waiting; the error of a record that was refused for good.
  Result<void> Poll();

  // Of the last record acknowledged in a partition, with `keep_offsets`; -1 when there was none.
  [[nodiscard]] std::int64_t LastOffset(std::int32_t partition) const;

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] const Client& client() const { return *client_; }

 private:
  static void OnDelivery(rd_kafka_s* handle, const void* message, void* opaque);
  [[nodiscard]] Result<void> Refused() const;

  std::unique_ptr<Client> client_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  int refused_code_ = 0;  // first record refused for good
  std::string refused_topic_;
  bool keep_offsets_ = false;
  std::map<std::int32_t, std::int64_t> offsets_;  // by partition
};

}  // namespace plumbline::kafka
