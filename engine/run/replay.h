// Replays a partition's journal from its first entry: the inputs are read again from a source, the embedded log or Kafka
// whichever holds them, compared with the digests, judged by a fresh machine, and the effects compared and appended to an output
// of the caller's. From the same journal come the same bytes, on any machine and from either log. It stops at the first entry
// that differs and names it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/run/partition_runner.h"

namespace plumbline::run {

struct ReplayOptions {
  std::uint32_t partition = 0;
  std::uint16_t topics = 0;           // those numbered 0 to topics-1 are known to the source
  std::vector<std::uint16_t> active;  // as when the journal began
  Provenance provenance;              // of this run; only told where effects differ
  MergeOptions merge;
  std::uint64_t last_entry = UINT64_MAX;  // stop after it
};

struct ReplayReport {
  std::uint64_t entries = 0, records = 0, effects = 0;
  Digest last{};  // of the last entry's bytes
};

// The bytes of an entry by number; nothing past the last.
using JournalReader = std::function<Result<std::optional<std::string>>(std::uint64_t number)>;

[[nodiscard]] Result<ReplayReport> ReplayJournal(const JournalReader& journal, std::unique_ptr<Machine> machine,
                                                 io::Source& source, io::OutputSink& output, Clock& clock,
                                                 const ReplayOptions& options);

}  // namespace plumbline::run
