// Scenario files: what happens in one or more partitions, and what must be told and be final. Played through the engine's own
// stage one, records encoded as they would lie in the log. For `plumbline test` and the project's own tests.
//
//   # TITLE                                    begins a scenario; lines that begin with // are comments
//   rule NAME [option=value ...]               shock (default), desaturation, two-low; or, after `pack`, the id of a rule
//   pack FILE                                  beside the scenario file
//   feed NAME SECONDS                          a declared feed and its time-out
//   beat NAME AT COMPLETE_TO | beat NAME FROM..TO every SECONDS
//   stop AT start AT                           the engine does not run; what arrives meanwhile is a backlog
//   slow TOPIC N                               after that, so many records of the topic's backlog a second
//   future SECONDS                             events so far beyond their arrival are refused; without it none is
//   partitions N                               patients go to the partition of their key
//   ARRIVAL TOPIC ID [vN] [withdrawn] [ev=T] [seq=N] [patient=P] [encounter=E] [site=S] [source=S] [action=A] [CODE] [VALUE]
//   [unit=U] activate AT from=T [option=value ...]      the next revision of the rule, with these options retire AT from=T
//   acknowledge AT ANCHOR by=NAME              likewise comment, contest, silence (until=T)
//   end AT
//   told ANCHOR WHAT [@INSTANT]                in order
//   final ANCHOR VERDICT
//   count NAME N                               duplicates, conflicts, outdated, skew, late_events, late_triggers, refused,
//   dead:REASON line ANCHOR TEXT                           some line of the alerts log about it contains the text
//
// Options of the named rules: lateness, grace, within, lookback, count, hold, carry, clear (seconds), feed.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::app {

struct ScenarioReport {
  std::string title;
  bool passed = false;
  std::string difference;                // for people
  std::vector<std::string> alert_lines;  // of the alerts log, in order
};

// kConfig with the line that cannot be read; kNotFound.
[[nodiscard]] Result<std::vector<ScenarioReport>> PlayScenarioFile(const std::string& path);

}  // namespace plumbline::app
