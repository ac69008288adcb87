// A start from a checkpoint reruns nothing before the cut, so it would not notice that a topic was made anew under its name, with
// as many records or more. Therefore the last run of each topic that the journal names at or before the cut is read again and
// compared with its digest. Where the log has let go of it by now (retention), nothing can be compared and nothing is said.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/io/source.h"
#include "engine/state/store.h"

namespace plumbline::run {

struct AnchorOptions {
  std::uint32_t partition = 0;
  std::uint16_t topics = 0;     // those numbered 0 to topics-1 are known to the source
  std::uint64_t cut_entry = 0;  // the checkpoint's
  std::int64_t read_timeout_ms = 30'000;
};

// kIntegrity names the entry; kTrimmed when a topic ends below what was read of it. Moves the source's positions.
[[nodiscard]] Result<void> CheckAnchors(state::Store& store, io::Source& source, Clock& clock, const AnchorOptions& options);

}  // namespace plumbline::run
