// A sink that keeps what it is given, decoded lines for tests.
#pragma once

#include <string>
#include <vector>

#include "connectors/sink/event_sink.h"
#include "engine/base/hash.h"
#include "engine/model/decode.h"

namespace plumbline::importer {

struct KeptRecord {
  model::EventKind stream;
  std::int64_t arrival_ms;
  std::string key, value;
};

class MemorySink : public sink::EventSink {
 public:
  Result<void> Write(const sink::OutRecord& record) override {
    records.push_back({record.stream, record.arrival_ms, std::string(record.key), std::string(record.value)});
    return {};
  }
  Result<void> Finish() override {
    finished = true;
    return {};
  }
  std::vector<KeptRecord> records;
  bool finished = false;
};

}  // namespace plumbline::importer
