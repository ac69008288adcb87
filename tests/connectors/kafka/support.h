// Short forms for the tests of this folder: the shared broker, fresh topics, records by text.
#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/kafka/admin.h"
#include "connectors/kafka/producer.h"
#include "engine/base/hash.h"
#include "tests/kafka/broker.h"

namespace plumbline::kafka {

// The value, or a failed test with the error's text.
template <typename T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().Text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline Settings BrokerSettings() {
  Settings settings;
  settings.bootstrap = Need(test::KafkaBroker::Shared())->address();
  return settings;
}

inline Admin MakeAdmin() { return Need(Admin::Create(BrokerSettings())); }

inline std::string MakeTopic(const std::string& prefix, std::uint32_t partitions,
                             std::map<std::string, std::string> properties = {{"message.timestamp.type", "LogAppendTime"}}) {
  const std::string name = test::FreshName(prefix);
  Need(MakeAdmin().CreateTopic({name, partitions, 1, std::move(properties)}));
  return name;
}

inline void Send(const std::string& topic, std::int32_t partition, std::initializer_list<std::string_view> values,
                 std::int64_t timestamp_ms = 0) {
  auto producer = Need(Producer::Create(BrokerSettings(), {}));
  Need(producer->Prepare({topic}));
  for (const std::string_view value : values) {
    Message message;
    message.topic = &topic;
    message.partition = partition;
    message.key = AsBytes(value);
    message.value = AsBytes(value);
    message.timestamp_ms = timestamp_ms;
    Need(producer->Send(message));
  }
  Need(producer->Flush(20'000));
}

}  // namespace plumbline::kafka
