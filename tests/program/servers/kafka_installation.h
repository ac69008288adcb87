// An installation whose inputs and outputs are topics of a real broker.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectors/kafka/admin.h"
#include "connectors/kafka/producer.h"
#include "connectors/kafka/source.h"
#include "engine/io/murmur2.h"
#include "tests/kafka/broker.h"
#include "tests/program/installation.h"

namespace plumbline::program {

class KafkaInstallation {
 public:
  // Topics by fresh names, with the records' own stamps (`live` false) or the broker's.
  explicit KafkaInstallation(test::KafkaBroker& broker, bool live) : live_(live) {
    settings_.bootstrap = broker.address();
    const std::string run = test::FreshName("site");
    std::string topics = "{";
    for (const char* name : {"device", "consultation", "diagnosis", "control", "measures", "alerts", "results", "audit"}) {
      names_[name] = run + "." + name;
      topics += (topics.size() > 1 ? ", " : "") + std::string(name) + ": " + names_[name];
    }
    lines_ = {
        {"source", "kafka"}, {"kafka", "{brokers: \"" + broker.address() + "\", group: " + run + "}"}, {"topics", topics + "}"}};
    site_.Configure(lines_);
    for (const char* name : {"device", "consultation", "diagnosis"}) Create(name);
  }

  [[nodiscard]] const Installation& site() const { return site_; }
  [[nodiscard]] const std::string& topic(const std::string& name) const { return names_.at(name); }
  [[nodiscard]] const kafka::Settings& settings() const { return settings_; }
  [[nodiscard]] kafka::Admin admin() const { return Need(kafka::Admin::Create(settings_)); }
  void Configure(const std::map<std::string, std::string>& more) const {
    auto lines = lines_;
    for (const auto& [name, value] : more) lines[name] = value;
    site_.Configure(lines);
  }

  void Create(const std::string& name, std::uint32_t partitions = Installation::kPartitions) const {
    Need(admin().CreateTopic({topic(name),
                              partitions,
                              1,
                              {{"message.timestamp.type", live_ ? "LogAppendTime" : "CreateTime"}, {"retention.ms", "-1"}}}));
  }
  // Deletes the topic and makes it anew once the broker has forgotten it.
  void CreateAnew(const std::string& name) const {
    Need(admin().DeleteTopic(topic(name)));
    REQUIRE(test::WaitFor([&] { return !admin().Partitions(topic(name)).has_value(); }, std::chrono::seconds(20)));
    Create(name);
  }

  void Send(const std::vector<Installation::RecordIn>& records, std::string_view content_type,
            const std::string& name = "device") const {
    auto producer = Need(kafka::Producer::Create(settings_, {}));
    Need(producer->Prepare({topic(name)}));
    const io::HeaderView header{"content-type", AsBytes(content_type)};
    for (const auto& r : records) {
      kafka::Message message;
      message.topic = &topic(name);
      message.partition = static_cast<std::int32_t>(r.partition);
      message.key = AsBytes(r.key);
      message.value = AsBytes(r.value);
      message.headers = {&header, 1};
      message.timestamp_ms = live_ ? 0 : r.arrival_ms;
      Need(producer->Send(message));
    }
    Need(producer->Flush(30'000));
  }
  // As Installation::AppendValues; live ones happen now.
  void SendValues(int from, int to) const {
    SystemClock clock;
    Send(Installation::Values(from, to, live_ ? clock.WallMs() - to : kNoon, live_ ? 1 : 60'000), model::kFlatBuffersContentType);
  }

  struct Copy {
    std::string key, value;
    std::map<std::string, std::string> headers;
  };
  // Nothing while the topic is not made.
  [[nodiscard]] std::vector<Copy> ReadIfThere(const std::string& full_name) const {
    return admin().Partitions(full_name) ? Read(full_name) : std::vector<Copy>{};
  }
  [[nodiscard]] std::vector<Copy> Read(const std::string& full_name) const {
    kafka::KafkaSource::Options options;
    options.settings = settings_;
    options.topics = {{full_name, kafka::Arrival::kCreateTime}};
    auto source = Need(kafka::KafkaSource::Open(options));
    std::vector<Copy> copies;
    for (std::uint32_t p = 0; p < Need(source->Partitions(0)); ++p) {
      Need(source->Seek({0, p}, Need(source->LowWatermark({0, p}))));
      const std::int64_t end = Need(source->EndOffset({0, p}));
      REQUIRE(test::WaitFor(
          [&] {
            for (const io::Record& r : Need(source->Poll({0, p}, 500))) {
              Copy copy{std::string(AsText(r.key)), std::string(AsText(r.value)), {}};
              for (const auto& h : r.headers) copy.headers[std::string(h.name)] = std::string(AsText(h.value));
              copies.push_back(std::move(copy));
            }
            return source->Position({0, p}) >= end;
          },
          std::chrono::seconds(20)));
    }
    return copies;
  }

 private:
  bool live_;
  Installation site_;
  kafka::Settings settings_;
  std::map<std::string, std::string> names_, lines_;
};

}  // namespace plumbline::program
