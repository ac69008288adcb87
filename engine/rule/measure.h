// What stage one counts for stage two. A measure sorts cases of a rule into (group, pane), panes being quarter-hours of the
// case's anchor time (they fall together with any zone's days and months), as sums that merge in any order: counts, exact integer
// sums, sketches. A case enters its pane when its verdict is given; later on-time evidence corrects it there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/model/event.h"

namespace plumbline::rule {

inline constexpr model::TimeMs kPaneMs = 15 * 60 * 1000;

// The pane of a time; floor, also before 1970.
[[nodiscard]] constexpr std::int64_t PaneOf(model::TimeMs time) {
  return time >= 0 ? time / kPaneMs : -((-time + kPaneMs - 1) / kPaneMs);
}

enum class Statistic : std::uint8_t { kRate = 1, kCount = 2, kMean = 3, kPercentile = 4 };

// What a case is.
enum class Basis : std::uint8_t {
  kRow = 1,      // each event in the rule's trigger role, by what it says alone
  kCase = 2,     // each instance of the rule
  kSubject = 3,  // each patient with an event in the trigger role; fails if any instance failed
};

enum class GroupField : std::uint8_t {
  kSite = 1,
  kSource = 2,
  kCode = 3,
  kClinician = 4,
  kRole = 5,
  kDevice = 6,
  kDeviceModel = 7,
  kUnit = 8
};

enum class WindowKind : std::uint8_t {
  kAll = 0,
  kTumbling = 1,
  kSliding = 2,
  kDay = 3,
  kWeek = 4,
  kMonth = 5,
  kQuarter = 6,
  kYear = 7
};

struct Window {
  WindowKind kind = WindowKind::kAll;
  std::int64_t length_ms = 0;  // tumbling and sliding; a multiple of kPaneMs
  std::int64_t every_ms = 0;   // sliding
};

struct Measure {
  std::string id;
  std::uint32_t revision = 1;
  std::uint16_t rule = 0;  // whose cases are counted
  Basis basis = Basis::kRow;
  Statistic statistic = Statistic::kRate;
  double quantile = 0.5;  // of a percentile
  std::vector<GroupField> by;
  Window window;
  std::uint32_t min_n = 0;  // below it nothing is shown
  std::string pack;         // id of the pack it came with
  Digest digest{};          // of its canonical text
};

}  // namespace plumbline::rule
