// The patients a measure is run over, from files: test cases with expected counts, FHIR Bundles, or NDJSON. The resources stay
// text here; the run reads each patient when its turn comes.
//
//   case    := {"case": ID, "title": TEXT, "period": {"start": DATE, "end": DATE}, "expected": COUNTS | [COUNTS], "resources":
//   [...]} COUNTS  := {POPULATION: COUNT} with "group": ID where there are several A Bundle or array of resources with at most
//   one Patient is that patient's; with more, each resource belongs to the Patient it names (subject, patient, beneficiary) and
//   what names none to all. NDJSON: a Bundle a line, or a resource a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::rules {

struct ExpectedCounts {
  std::string group;  // empty: by position
  struct Count {
    std::string population;
    std::int64_t count = 0;
  };
  std::vector<Count> counts;
};

struct Patient {
  std::string id;  // the case's, or the Patient resource's
  std::string title;
  std::string file;
  std::string period_start;  // empty: the run's
  std::string period_end;
  std::vector<ExpectedCounts> expected;  // empty: nothing is expected
  std::vector<std::string> documents;    // FHIR JSON, to be read one after another
};

// A file, or a folder with *.json and *.ndjson, in the order of the names.
[[nodiscard]] Result<std::vector<Patient>> LoadPatients(const std::string& path);
// One document's patients; `name` is for messages.
[[nodiscard]] Result<std::vector<Patient>> ReadPatients(std::string_view text, const std::string& name);

}  // namespace plumbline::rules
