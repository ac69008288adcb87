// Stage two: the measures log in, results of windows out. Merges the panes of all stage-one partitions into the windows of each
// measure and group, open windows too, so that a month is seen growing. A window is final when every configured partition has
// said (by its marker) that the cases in it are final; partitions that never had an event say so too, a missing one holds it
// back.
//
// Input lines are those of patient_machine.cc; output lines (log "measures" of stage two):
//   {"type":"window","measure":id,"revision":n,"group":{field:text,...},"start":ms,"end":ms,"n":..,"pass":..,"fail":..,
//    "excluded":..,"unknown":..,"late":..,"rate":x | "mean":x | "quantile":x,"final":bool}
//   {"type":"intake","site":..,"source":..,"events":..,...}  the sum over partitions
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/rule/rule_set.h"
#include "engine/run/calendar.h"
#include "engine/run/control.h"
#include "engine/run/intake.h"
#include "engine/run/machine.h"
#include "engine/run/panes.h"

namespace plumbline::run {

struct UnitMachineOptions {
  std::uint32_t stage_one_partitions = 1;
  std::string default_zone = "UTC";
  std::map<std::string, std::string> zone_of_site;
  CompilePack compile;  // of activated packs
};

class UnitMachine final : public Machine {
 public:
  UnitMachine(UnitMachineOptions options, std::shared_ptr<const rule::RuleSet> rules);
  ~UnitMachine() override;

  void Take(const io::Record& record) override;
  void Tick(std::uint16_t topic, std::int64_t time_ms) override;
  void Command(std::string_view payload) override;
  void Finish(io::Effects& effects) override;
  void BeginCheckpoint() override;
  bool NextSlice(std::size_t max_bytes, const SliceSink& sink) override;
  Result<void> Restore(std::string_view key, std::string_view value) override;
  Digest StateDigest() override;

  // Partitions that have not said anything yet: they hold everything back.
  [[nodiscard]] std::vector<std::uint32_t> MissingPartitions() const;
  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

 private:
  using Group = std::vector<std::string>;
  using WindowKey = std::tuple<std::uint16_t, Group, Span>;
  struct PartOfPane {
    std::map<std::uint32_t, PaneSums> by_partition;
  };
  struct Parser;

  void TakeLine(std::string_view line);
  void TakeEdition(const std::string& name, const std::string& text);
  void Touch(std::uint16_t measure, const Group& group, std::int64_t pane);
  [[nodiscard]] std::string ZoneOf(const rule::Measure& measure, const Group& group) const;
  [[nodiscard]] model::TimeMs FinalBefore(std::uint16_t measure) const;
  void SettleWindows();
  [[nodiscard]] std::string ResultOf(const WindowKey& key) const;
  void WriteIntake(io::Effects& effects);
  [[nodiscard]] std::map<std::string, std::string> Everything() const;

  UnitMachineOptions options_;
  std::shared_ptr<rule::RuleSet> rules_;                                        // this machine's own list
  std::vector<std::pair<std::string, std::string>> editions_;                   // activated packs: name, text
  std::map<std::string, std::uint16_t> measure_by_name_;                        // "id/revision"
  std::map<std::tuple<std::uint16_t, Group, std::int64_t>, PartOfPane> panes_;  // by measure, group, pane
  std::map<WindowKey, std::set<std::int64_t>> windows_;                         // the panes in each
  std::map<WindowKey, std::string> told_;                                       // the last line of each
  std::set<WindowKey> open_;                                                    // not final yet
  std::set<WindowKey> touched_;
  std::map<std::uint32_t, std::vector<model::TimeMs>> final_before_;  // by partition, then measure
  std::map<std::pair<std::string, std::string>, std::map<std::uint32_t, IntakeCounts>> intake_;
  std::set<std::pair<std::string, std::string>> touched_intake_;
  bool markers_moved_ = false;
  std::uint64_t malformed_ = 0;
  std::unique_ptr<Parser> parser_;
  std::map<std::string, std::string> frozen_;
};

}  // namespace plumbline::run
