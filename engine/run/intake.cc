#include "engine/run/intake.h"

#include <algorithm>

namespace plumbline::run {

std::size_t IntakeBook::ClassOf(std::int64_t span_ms) {
  return static_cast<std::size_t>(std::lower_bound(kDelayBoundsMs.begin(), kDelayBoundsMs.end(), span_ms) -
                                  kDelayBoundsMs.begin());
}

IntakeCounts& IntakeBook::Of(std::string_view site, std::string_view source) {
  if (last_ != nullptr && last_site_ == site && last_source_ == source) return *last_;
  last_site_ = site;
  last_source_ = source;
  last_ = &feeds_[{last_site_, last_source_}];
  return *last_;
}

void IntakeBook::Write(ByteWriter& w) const {
  w.U32(static_cast<std::uint32_t>(feeds_.size()));
  for (const auto& [feed, c] : feeds_) {
    w.Text(feed.first);
    w.Text(feed.second);
    w.U64(c.events);
    for (const std::uint64_t n : c.delay) w.U64(n);
    w.U64(c.before);
    w.U64(c.below);
    for (const std::uint64_t n : c.below_by) w.U64(n);
  }
}

void IntakeBook::Read(ByteReader& in) {
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const std::string_view site = in.Text(), source = in.Text();
    IntakeCounts& c = Of(site, source);
    c.events = in.U64();
    for (std::uint64_t& x : c.delay) x = in.U64();
    c.before = in.U64();
    c.below = in.U64();
    for (std::uint64_t& x : c.below_by) x = in.U64();
  }
}

}  // namespace plumbline::run
