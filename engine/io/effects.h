// What a batch of inputs tells the world: appended to the output logs after the journal entry that caused it is durable. The
// bytes are final (canonical JSON or FlatBuffers); identity is inside them and computed from what the effect is about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace plumbline::io {

// Numbers are on disk: never used again for another meaning.
enum class OutputLog : std::uint8_t { kAlerts = 1, kMeasures = 2, kDeadLetters = 3, kAudit = 4 };

struct EffectView {
  OutputLog log;
  std::span<const std::byte> key;
  std::span<const std::byte> value;
};

// Reused from batch to batch: Clear keeps the capacity. Owned by the worker.
class Effects {
 public:
  void Clear() {
    bytes_.clear();
    index_.clear();
  }
  void Add(OutputLog log, std::string_view key, std::string_view value) {
    index_.push_back({log, bytes_.size(), key.size(), value.size()});
    bytes_.append(key);
    bytes_.append(value);
  }
  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] bool empty() const { return index_.empty(); }
  [[nodiscard]] EffectView operator[](std::size_t i) const {
    const Entry& e = index_[i];
    const auto* start = reinterpret_cast<const std::byte*>(bytes_.data()) + e.offset;
    return {e.log, {start, e.key_size}, {start + e.key_size, e.value_size}};
  }

 private:
  struct Entry {
    OutputLog log;
    std::size_t offset, key_size, value_size;
  };
  std::string bytes_;
  std::vector<Entry> index_;
};

}  // namespace plumbline::io
