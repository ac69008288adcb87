// Kafka as a Source: partitions assigned by hand, positions kept by the engine (nothing is committed to Kafka), one queue a
// topic-partition so that the worker can merge topics by arrival. One object belongs to one worker and is used on its thread
// alone.
//
// A broker that goes away and comes back is no error here: Poll gives nothing meanwhile, EndOffset says kUnavailable (so no tick
// is drawn), Trouble() says why. A position that the topic no longer holds is one: kTrimmed, and never replaced by a default.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/kafka/client.h"
#include "engine/io/source.h"

namespace plumbline::kafka {

// Which stamp of a topic is its records' arrival.
enum class Arrival { kLogAppendTime, kCreateTime };

struct InputTopic {
  std::string name;
  Arrival arrival = Arrival::kLogAppendTime;  // kCreateTime: an importer's own topics only
};

// What a reader of input topics tells librdkafka; `ahead_kbytes` are fetched ahead for each partition.
[[nodiscard]] std::map<std::string, std::string> ConsumerDefaults(const std::string& group, std::uint32_t ahead_kbytes);

class KafkaSource final : public io::Source {
  struct Private {};

 public:
  struct Options {
    Settings settings;
    std::vector<InputTopic> topics;  // numbered in this order; the number is part of the engine's state
    std::string group = "plumbline";
    // Fetched ahead, over all partitions. Far above one second's intake: librdkafka before 2.2 sleeps a second when a queue is
    // full.
    std::uint32_t ahead_mbytes = 512;
  };
  // Connects and checks that the topics are there and have one partition count.
  static Result<std::unique_ptr<KafkaSource>> Open(const Options& options);
  KafkaSource(Private, Options options);
  ~KafkaSource() override;

  Result<void> Seek(io::TopicPartition from, std::int64_t offset) override;
  [[nodiscard]] std::int64_t Position(io::TopicPartition of) const override;
  Result<std::span<const io::Record>> Poll(io::TopicPartition from, std::size_t most) override;
  [[nodiscard]] bool SeemsAtEnd(io::TopicPartition of) const override;
  Result<std::int64_t> EndOffset(io::TopicPartition of) override;
  Result<std::int64_t> LowWatermark(io::TopicPartition of) override;
  Result<std::uint32_t> Partitions(std::uint16_t topic) override;
  [[nodiscard]] std::string TopicName(std::uint16_t topic) const override;
  // The cluster's id: librdkafka 2.0.2 does not tell a topic's own. A topic recreated within its cluster shows as an end below
  // the position, or as another digest of the inputs that are read again.
  Result<std::string> TopicIdentity(std::uint16_t topic) override;

  // Why nothing comes, in words for /ready; empty when the broker answered last.
  [[nodiscard]] std::string Trouble() const;

 private:
  struct Stream;
  [[nodiscard]] std::string NameOf(io::TopicPartition of) const;
  [[nodiscard]] Stream* Find(io::TopicPartition of) const;
  Stream& Make(io::TopicPartition of);
  Result<void> AssignPending();
  Result<void> SeekAssigned(Stream& stream);
  Result<std::int64_t> Ask(io::TopicPartition of, End which);
  void Serve();
  void Accept(Stream& stream, const void* message);
  void AcceptHeaders(Stream& stream, const void* message);
  void AcceptEvent(Stream& stream, const void* message);

  Options options_;
  std::uint32_t partitions_ = 0;
  std::unique_ptr<Client> questions_;  // sees open transactions, so that a topic with one is not at its end
  std::unique_ptr<Client> consumer_;
  std::vector<std::unique_ptr<Stream>> streams_;  // topic * partitions_ + partition
  std::vector<Stream*> pending_;                  // to be assigned at the next Poll
  std::uint32_t polls_ = 0;
  std::string trouble_;  // of the last question
  bool topic_deleted_ = false;
};

}  // namespace plumbline::kafka
