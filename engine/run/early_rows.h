// Rows of a checkpoint under way that are written before their turn, because their subjects change. They are put one after the
// other into chunks that are used again, so that a checkpoint of many subjects asks neither the allocator for each of them nor
// the system for memory anew each time. Owned by a partition.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"

namespace plumbline::run {

class EarlyRows {
 public:
  [[nodiscard]] bool empty() const { return filled_.empty() && open_.empty(); }
  // write(std::string&) appends the value.
  template <typename Write>
  void Add(std::string_view key, const Write& write) {
    if (open_.size() > kChunk - kChunk / 16) Open();
    ByteWriter(open_).Text(key);
    const std::size_t at = open_.size();
    ByteWriter(open_).U32(0);
    write(open_);
    StoreLe(open_.data() + at, static_cast<std::uint32_t>(open_.size() - at - sizeof(std::uint32_t)));
  }
  // Hands out about max_bytes of values, as sink(key, value), and forgets them. Returns how many bytes it was.
  template <typename Sink>
  std::size_t Take(std::size_t max_bytes, const Sink& sink) {
    std::size_t bytes = 0;
    while (bytes < max_bytes && !empty()) {
      if (filled_.empty()) Open();
      std::string& chunk = filled_.front();
      ByteReader in(std::string_view(chunk).substr(taken_));
      while (bytes < max_bytes && !in.AtEnd()) {
        const std::string_view key = in.Text(), value = in.Text();
        sink(key, value);
        bytes += value.size();
      }
      taken_ = chunk.size() - in.left();
      if (!in.AtEnd()) break;
      taken_ = 0;
      chunk.clear();
      spare_.push_back(std::move(chunk));
      filled_.pop_front();
    }
    return bytes;
  }

 private:
  static constexpr std::size_t kChunk = 256u << 10;
  void Open() {
    if (!open_.empty()) filled_.push_back(std::move(open_));
    open_.clear();
    if (!spare_.empty()) {
      open_ = std::move(spare_.back());
      spare_.pop_back();
    }
    open_.reserve(kChunk);
  }

  std::deque<std::string> filled_;
  std::vector<std::string> spare_;
  std::string open_;
  std::size_t taken_ = 0;  // bytes of filled_'s first
};

}  // namespace plumbline::run
