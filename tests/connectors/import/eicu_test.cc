// The mapping of the eICU set against answers that two other programs computed from the tables themselves.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/import/importer.h"
#include "engine/base/hash.h"
#include "engine/model/decode.h"
#include "tests/support/process.h"

namespace plumbline::importer {
namespace {

constexpr std::int64_t kHour = 3'600'000;

std::string DataFolder() {
  const char* shared = std::getenv("PLUMBLINE_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/data/eicu_demo";
}

// Looks at the records as they come and keeps what the answers need.
class Answers : public sink::EventSink {
 public:
  Result<void> Write(const sink::OutRecord& record) override {
    model::Event e;
    REQUIRE(decoder_.Decode(AsBytes(record.value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
    ordered = ordered && record.arrival_ms >= last_;
    last_ = record.arrival_ms;
    ++records;
    const std::string patient(e.patient);
    if (e.source == "respiratorycharting") {
      late += record.arrival_ms - e.time > kHour;
      early += record.arrival_ms < e.time;
      const auto [greatest, first] = greatest_.emplace(patient, e.time);
      disorder += e.time < greatest->second;
      disorder_hour += greatest->second - e.time > kHour;
      greatest->second = std::max(greatest->second, e.time);
      if (e.code.code == "TV/kg IBW") {
        ++tidal;
        tidal_high += e.quantity.value > Decimal::FromInteger(8);
        REQUIRE(e.quantity.unit == "mL/kg");
      }
    }
    if (e.code.code == "76536-2") pressures[patient].emplace_back(std::pair(e.time, e.source_sequence), e.quantity.value);
    if (e.source == "diagnosis") {
      const auto [first, is_first] = first_diagnosis.emplace(patient, e.time);
      if (!is_first) first->second = std::min(first->second, e.time);
    }
    if (e.source == "patient" && e.action == model::Action::kStarted) admitted[patient] = e.time;
    return {};
  }
  Result<void> Finish() override { return {}; }

  bool ordered = true;
  std::uint64_t records = 0, late = 0, early = 0, disorder = 0, disorder_hour = 0, tidal = 0, tidal_high = 0;
  std::map<std::string, std::vector<std::pair<std::pair<std::int64_t, std::uint64_t>, Decimal>>> pressures;
  std::map<std::string, std::int64_t> first_diagnosis, admitted;

 private:
  model::Decoder decoder_;
  std::int64_t last_ = INT64_MIN;
  std::map<std::string, std::int64_t> greatest_;
};

TEST_CASE("the eICU mapping gives events of which the true answers hold") {
  if (!std::filesystem::exists(DataFolder())) {
    WARN("SKIPPED (shared data) eICU answers: there is no " << DataFolder());
    return;
  }
  const auto mapping = LoadMapping("config/mappings/eicu_demo.yaml");
  INFO((mapping ? "" : mapping.error().message));
  REQUIRE(mapping.has_value());
  test::TempFolder folder("eicu");
  ImportOptions options;
  options.data_folder = DataFolder();
  options.temporary_folder = (folder / "sort").string();
  options.memory_bytes = 64U << 20;
  Answers answers;
  const auto report = Import(*mapping, options, answers, [](std::string_view, std::uint64_t, std::uint64_t, std::uint64_t) {});
  INFO((report ? report->Text() : report.error().message));
  REQUIRE(report.has_value());
  REQUIRE(report->rejected == 0);
  REQUIRE(report->sort_runs > 1);
  REQUIRE(answers.ordered);
  REQUIRE(answers.records == report->records);
  CHECK(answers.late == 11'837);
  CHECK(answers.early == 1'107);
  CHECK(answers.disorder == 10'159);
  CHECK(answers.disorder_hour == 4'314);
  CHECK(answers.tidal == 6'553);
  CHECK(answers.tidal_high == 1'845);

  std::uint64_t low = 0, within_day = 0;
  const Decimal limit = Decimal::FromInteger(65);
  for (auto& [patient, values] : answers.pressures) {
    std::sort(values.begin(), values.end());
    low += std::adjacent_find(values.begin(), values.end(),
                              [&](const auto& a, const auto& b) { return a.second < limit && b.second < limit; }) != values.end();
  }
  for (const auto& [patient, time] : answers.admitted) {
    const auto first = answers.first_diagnosis.find(patient);
    within_day += first != answers.first_diagnosis.end() && first->second <= time + 24 * kHour;
  }
  CHECK(low == 783);
  CHECK(answers.pressures.size() == 1'578);
  CHECK(within_day == 1'440);
  CHECK(answers.admitted.size() == 1'700);
}

}  // namespace
}  // namespace plumbline::importer
