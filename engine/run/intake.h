// How the events of a feed come in: how long after they happened, and how far out of order within a patient. Cumulative, part of
// the partition's state; corrections are not counted.
//
// intake = u32 n, n * (text site, text source, u64 events, 10 * u64 delay, u64 before, u64 below, 10 * u64 below by)
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/model/event.h"

namespace plumbline::run {

// Upper bounds of the delay classes in ms; the last class is open. Fixed, so that partitions and sites can be added up.
inline constexpr std::array<std::int64_t, 9> kDelayBoundsMs = {1'000,     10'000,     60'000,     300'000,    900'000,
                                                               3'600'000, 14'400'000, 86'400'000, 604'800'000};

struct IntakeCounts {
  std::uint64_t events = 0;
  std::array<std::uint64_t, 10> delay{};     // arrival - event time, by class (above the bound before, at most this one)
  std::uint64_t before = 0;                  // arrived before they happened
  std::uint64_t below = 0;                   // event time below the greatest so far of the same patient and feed
  std::array<std::uint64_t, 10> below_by{};  // by how much, by class
};

class IntakeBook {
 public:
  using Feed = std::pair<std::string, std::string>;  // site, source
  IntakeCounts& Of(std::string_view site, std::string_view source);
  [[nodiscard]] const std::map<Feed, IntakeCounts>& all() const { return feeds_; }
  void Write(ByteWriter& w) const;
  void Read(ByteReader& in);

  // The class of a positive span.
  [[nodiscard]] static std::size_t ClassOf(std::int64_t span_ms);

 private:
  std::map<Feed, IntakeCounts> feeds_;
  // The last one asked for: events of a feed come in bursts.
  std::string last_site_, last_source_;
  IntakeCounts* last_ = nullptr;
};

}  // namespace plumbline::run
