#include "engine/run/replay.h"

#include <algorithm>

namespace plumbline::run {

Result<ReplayReport> ReplayJournal(const JournalReader& journal, std::unique_ptr<Machine> machine, io::Source& source,
                                   io::OutputSink& output, Clock& clock, const ReplayOptions& options) {
  PartitionRunner runner(options.partition, std::move(machine), source, output, clock, options.provenance, options.merge);
  for (std::uint16_t topic = 0; topic < options.topics; ++topic) {
    const bool active = std::find(options.active.begin(), options.active.end(), topic) != options.active.end();
    PLUMBLINE_TRY(runner.merge().SetTopic({topic, active, kUnknownOffset, 0}));
  }
  PLUMBLINE_TRY(runner.ReadTails(UINT64_MAX));
  ReplayReport report;
  while (runner.chain().number < options.last_entry) {
    PLUMBLINE_ASSIGN(const auto entry, journal(runner.chain().number + 1));
    if (!entry && report.entries == 0) {
      return Fail(ErrorCode::kNotFound, "partition " + std::to_string(options.partition) +
                                            " has no entry 1 in the journal: nothing was run, or the journal was pruned");
    }
    if (!entry) break;
    PLUMBLINE_TRY(runner.Rerun(*entry));
    PLUMBLINE_TRY(runner.AppendEffects());
    ++report.entries;
    report.records += runner.records_in_batch();
    report.effects += runner.effects().size();
  }
  PLUMBLINE_TRY(output.Sync(options.partition));
  report.last = runner.chain().digest;
  return report;
}

}  // namespace plumbline::run
