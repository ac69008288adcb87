// Kafka as the OutputSink: alerts, measures and audit to a topic each, dead letters to `<input topic>.dlq`, every effect in the
// partition of the inputs that caused it, named by the header "plumbline-effect" (engine/io/output_log.h).
//
// After a crash it goes on from the tails of the topics. Dead letters of one partition lie in several topics, so their common
// tail is the least of them, and what a topic already holds is not appended to it again. Used by several workers at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka/producer.h"
#include "engine/io/output_log.h"

namespace plumbline::kafka {

class KafkaOutput final : public io::OutputSink {
  struct Private {};

 public:
  struct Options {
    Settings settings;
    std::uint32_t partitions = 1;           // of the inputs; the output topics have at least as many
    std::vector<std::string> input_topics;  // for the names of the dead-letter topics
    // Empty: this log is not kept, and nothing may be appended to it.
    std::string alerts = "plumbline.alerts.v1";
    std::string measures = "plumbline.measures.v1";
    std::string audit = "plumbline.audit.v1";
    std::string dead_letter_suffix = ".dlq";
    int sync_wait_ms = 30'000;
  };
  // Checks that all topics are there with enough partitions.
  static Result<std::unique_ptr<KafkaOutput>> Open(const Options& options);
  // Creates the output topics that are missing: as many partitions as the inputs, stamps as the engine gives them, never
  // compacted.
  static Result<void> CreateTopics(const Options& options, int replication);
  KafkaOutput(Private, Options options) : options_(std::move(options)) {}

  Result<std::optional<io::EffectId>> Tail(io::OutputLog log, std::uint32_t partition) override;
  Result<void> Append(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms, const io::EffectView& effect) override;
  Result<void> Flush(std::uint32_t partition) override;
  Result<void> Sync(std::uint32_t partition) override;
  Result<bool> TrySync(std::uint32_t partition) override;

 private:
  using Tails = std::vector<std::optional<io::EffectId>>;  // by partition
  struct Topic {
    io::OutputLog log;
    std::string name;
    Tails tails;
  };
  // Without tails yet. Dead letters in the order of the inputs.
  [[nodiscard]] static std::vector<Topic> TopicsFor(const Options& options);
  [[nodiscard]] Topic& TopicOf(io::OutputLog log, std::size_t number = 0);
  Result<void> ReadTails();
  Result<void> Put(Topic& topic, std::uint32_t partition, io::EffectId id, const Message& message);
  Result<void> PutDeadLetter(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms, const io::EffectView& effect);

  Options options_;
  std::mutex mutex_;  // of everything below: effects are few beside events
  std::unique_ptr<Producer> producer_;
  std::vector<Topic> topics_;
};

}  // namespace plumbline::kafka
