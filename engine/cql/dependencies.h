// What a program reads: kinds of objects, the codes they are filtered by, the time they are bounded to, parameters, the clock,
// and the named sub-expressions in between. For who feeds a program incrementally: what is outside all of it cannot change a
// value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumbline::cql {

// An instant that a bound is reckoned from.
struct TimeAnchor {
  enum class Kind : std::uint8_t {
    kParameter,  // a parameter, or an end of it
    kNow,        // the evaluation's instant
    kConstant,
    kOther,  // what depends on other data
  };
  Kind kind = Kind::kOther;
  std::string text;    // as CQL: start of "Measurement Period"
  std::string offset;  // "", "- 90 days", "+ 1 year"
};

// The retrieved objects that matter have an element that lies within [low, high], or overlaps it; an end that is not there is
// open. Ends count as included whatever the phrase says, so that never too little is kept.
struct TimeBound {
  std::string element;    // "period", "start of effective"; empty: the object itself
  std::string precision;  // "day" of `during day of`: the ends reach that far
  bool overlaps = false;
  std::optional<TimeAnchor> low;
  std::optional<TimeAnchor> high;
};
// period within [start of "Measurement Period", end of "Measurement Period"]
[[nodiscard]] std::string BoundText(const TimeBound& bound);

// One use of a retrieve. Objects matter to the program that satisfy one of its uses.
struct RetrieveDependency {
  std::string type;                // "QICore.Encounter"
  std::string code_path;           // empty: no filter by code
  std::string value_set;           // url; empty when the codes are not one declared value set
  std::vector<std::string> codes;  // "system|code" where declared codes are named
  bool codes_known = true;         // false: the terminology is computed
  std::string used_by;             // the definition
  std::vector<TimeBound> bounds;   // all hold; none: objects of any time
};

struct Dependencies {
  std::vector<RetrieveDependency> retrieves;
  std::vector<std::string> value_sets;
  std::vector<std::string> parameters;
  std::vector<std::string> definitions;  // needed on the way, those asked for included; of another library as "Library.Name"
  bool uses_now = false;
};

}  // namespace plumbline::cql
