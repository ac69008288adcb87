#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/site.h"
#include "connectors/generator/generator.h"
#include "connectors/generator/hospital.h"
#include "connectors/generator/random.h"
#include "engine/io/local_log_source.h"
#include "engine/io/murmur2.h"
#include "engine/model/decode.h"
#include "engine/model/validate.h"
#include "tests/support/process.h"

namespace plumbline::generator {
namespace {

constexpr model::TimeMs kHour = 3'600'000;

GeneratorOptions Small() {
  GeneratorOptions options;
  options.seed = 7;
  options.patients = 120;
  options.duration_ms = 8 * kHour;
  return options;
}

TEST_CASE("the same seed gives the same bytes, another seed others") {
  GeneratorOptions options = Small();
  options.duration_ms = kHour;
  Generator a(options), b(options);
  options.seed = 8;
  Generator c(options);
  sink::OutRecord x, y, z;
  bool differs = false;
  while (a.Next(x)) {
    REQUIRE(b.Next(y));
    REQUIRE(x.value == y.value);
    REQUIRE(x.key == y.key);
    REQUIRE(x.arrival_ms == y.arrival_ms);
    differs = !c.Next(z) || z.value != x.value || differs;
  }
  REQUIRE_FALSE(b.Next(y));
  REQUIRE(differs);
  REQUIRE(a.planted().ToJson() == b.planted().ToJson());
}

TEST_CASE("every record is in the order of arrival, readable, and keeps to the simulated site's configuration") {
  const auto config = config::LoadConfig("config/examples/simulated.yaml");
  INFO((config ? "" : config.error().message));
  REQUIRE(config.has_value());
  model::Validator validator(config->validation);
  model::Decoder decoder;
  for (const bool json : {false, true}) {
    GeneratorOptions options = Small();
    options.json = json;
    options.duration_ms = 2 * kHour;
    Generator generator(options);
    sink::OutRecord record;
    std::int64_t last = 0;
    std::uint64_t records = 0;
    while (generator.Next(record)) {
      REQUIRE(record.arrival_ms >= last);
      last = record.arrival_ms;
      model::Event event;
      const model::RejectReason read = decoder.Decode(AsBytes(record.value), model::Encoding::kUnknown, event);
      INFO(decoder.reject().detail);
      REQUIRE(read == model::RejectReason::kNone);
      const model::RejectReason valid = validator.Validate(event, record.key, record.arrival_ms);
      INFO(validator.reject().detail);
      REQUIRE(valid == model::RejectReason::kNone);
      ++records;
    }
    REQUIRE(records == generator.planted().counts.records);
    REQUIRE(records > 120 * 60 * 2);
  }
}

struct Seen {
  std::map<std::string, model::TimeMs> given;     // first antimicrobial by patient
  std::map<std::string, std::uint64_t> versions;  // of an id, with content
  std::uint64_t device = 0, late = 0, duplicates = 0, amended = 0, withdrawn = 0, heartbeats = 0, qc = 0;
  model::TimeMs silent_gap_from = 0, silent_gap_to = 0;            // greatest gap between heartbeats of the silent feed
  std::vector<std::pair<model::TimeMs, double>> drifting, steady;  // QC of level 1
};

Seen Watch(const GeneratorOptions& options, Generator& generator) {
  Seen seen;
  model::Decoder decoder;
  sink::OutRecord record;
  std::set<std::string> known;
  model::TimeMs last_beat = options.start_ms;
  while (generator.Next(record)) {
    model::Event e;
    REQUIRE(decoder.Decode(AsBytes(record.value), model::Encoding::kUnknown, e) == model::RejectReason::kNone);
    if (e.kind == model::EventKind::kHeartbeat) {
      ++seen.heartbeats;
      if (e.site != kSilentSite || e.source != kSilentSource) continue;
      if (record.arrival_ms - last_beat > seen.silent_gap_to - seen.silent_gap_from) {
        seen.silent_gap_from = last_beat;
        seen.silent_gap_to = record.arrival_ms;
      }
      last_beat = record.arrival_ms;
      continue;
    }
    if (!known.insert(std::string(e.id) + "/" + std::to_string(e.version)).second) {
      ++seen.duplicates;
      continue;
    }
    if (e.status == model::EventStatus::kAmended) ++seen.amended;
    if (e.status == model::EventStatus::kEnteredInError) ++seen.withdrawn;
    if (e.version == 1 && e.kind == model::EventKind::kDevice) {
      ++seen.device;
      if (record.arrival_ms - e.time >= 60'000) ++seen.late;
    }
    if (e.action == model::Action::kAdministered) seen.given.emplace(e.patient, e.time);
    if (!e.qc_material.empty() && e.qc_level == "1" && e.version == 1) {
      ++seen.qc;
      auto& values = e.device == kDriftingMeter ? seen.drifting : seen.steady;
      values.emplace_back(e.time, e.quantity.value.ToDouble());
    }
  }
  return seen;
}

double Mean(const std::vector<std::pair<model::TimeMs, double>>& values, model::TimeMs from) {
  double sum = 0;
  int n = 0;
  for (const auto& [time, value] : values) {
    if (time < from) continue;
    sum += value;
    ++n;
  }
  return n == 0 ? 0 : sum / n;
}

TEST_CASE("what is planted is in the records") {
  const GeneratorOptions options = Small();
  Generator generator(options);
  const Seen seen = Watch(options, generator);
  const Planted& planted = generator.planted();

  REQUIRE(planted.sepsis.size() > 30);
  std::map<std::string, std::pair<int, int>> missed;  // of all
  for (const SepsisCase& c : planted.sepsis) {
    auto& [late, all] = missed[c.clinician];
    ++all;
    if (c.given == model::kNoTime) continue;
    REQUIRE(seen.given.count(c.patient) == 1);
    late += c.given > c.diagnosed + kHour ? 1 : 0;
  }
  const auto [late, all] = missed.at(std::string(kLateClinician));
  REQUIRE(late * 10 >= all * 3);
  int others_late = 0, others = 0;
  for (const auto& [clinician, counts] : missed) {
    if (clinician == kLateClinician) continue;
    others_late += counts.first;
    others += counts.second;
  }
  REQUIRE(others_late * 10 < others * 2);

  REQUIRE(seen.silent_gap_to - seen.silent_gap_from >= planted.silent_to - planted.silent_from);
  REQUIRE(seen.silent_gap_from <= planted.silent_from);
  REQUIRE(Mean(seen.drifting, planted.end - kHour) > Mean(seen.steady, planted.end - kHour) + 15);
  REQUIRE(seen.device == planted.counts.device);
  REQUIRE(seen.duplicates == planted.counts.duplicates);
  REQUIRE(seen.amended == planted.counts.corrections);
  REQUIRE(seen.withdrawn == planted.counts.withdrawals);
  REQUIRE(seen.heartbeats == planted.counts.heartbeats);
  REQUIRE(seen.amended > 0);
  REQUIRE(seen.withdrawn > 0);
  // 2 % late.
  REQUIRE(seen.late * 100 > seen.device);
  REQUIRE(seen.late * 100 < seen.device * 3);
}

TEST_CASE("one device value a patient and minute of simulated time") {
  GeneratorOptions options;
  options.patients = 50;
  options.duration_ms = kHour;
  options.sepsis_per_thousand_patient_hours = options.nodules_per_thousand_patient_hours = 0;
  options.corrections_in_a_million = options.withdrawals_in_a_million = options.duplicates_in_a_million = 0;
  options.heartbeat_ms = 0;
  Generator generator(options);
  sink::OutRecord record;
  while (generator.Next(record)) {
  }
  const PlantedCounts& counts = generator.planted().counts;
  REQUIRE(counts.device - counts.qc_samples == 50 * 60);
  REQUIRE(counts.heartbeats == 0);
  REQUIRE(counts.corrections + counts.withdrawals + counts.duplicates == 0);
}

TEST_CASE("the embedded log holds every record in the partition of its key, heartbeats in all") {
  test::TempFolder folder("generator");
  SystemClock clock;
  sink::LogSinkOptions log;
  log.folder = (folder / "log").string();
  log.topics = {"d", "c", "g"};
  log.partitions = 3;
  GeneratorOptions options = Small();
  options.patients = 9;
  options.duration_ms = kHour;
  std::uint64_t written = 0, beats = 0;
  {
    auto sink = sink::OpenLogSink(clock, log);
    INFO((sink ? "" : sink.error().message));
    REQUIRE(sink.has_value());
    Generator generator(options);
    sink::OutRecord record;
    while (generator.Next(record)) {
      REQUIRE((*sink)->Write(record).has_value());
      ++(record.to_all_partitions ? beats : written);
    }
    REQUIRE((*sink)->Finish().has_value());
  }
  std::uint64_t found = 0;
  for (const std::string& topic : log.topics) {
    for (std::uint32_t p = 0; p < 3; ++p) {
      auto writer = io::LogWriter::Open(io::PosixFileSystem(), io::PartitionFolder(log.folder, topic, p), p, {});
      REQUIRE(writer.has_value());
      found += static_cast<std::uint64_t>((*writer)->end_offset());
    }
  }
  REQUIRE(found == written + 3 * beats);
}

TEST_CASE("a file of JSON lines holds every record, and is not overwritten") {
  test::TempFolder folder("generator");
  const std::string path = (folder / "events.jsonl").string();
  GeneratorOptions options = Small();
  options.patients = 5;
  options.duration_ms = kHour;
  std::uint64_t written = 0;
  {
    auto sink = sink::OpenFileSink(path, {"d", "c", "g"});
    REQUIRE(sink.has_value());
    Generator generator(options);
    sink::OutRecord record;
    for (; generator.Next(record); ++written) REQUIRE((*sink)->Write(record).has_value());
    REQUIRE((*sink)->Finish().has_value());
  }
  std::ifstream file(path);
  std::string line;
  std::uint64_t lines = 0;
  for (; std::getline(file, line); ++lines) REQUIRE(line.find("\"event\":{\"kind\":") != std::string::npos);
  REQUIRE(lines == written);
  const auto again = sink::OpenFileSink(path, {"d", "c", "g"});
  REQUIRE_FALSE(again.has_value());
  REQUIRE(again.error().message.find("is there already") != std::string::npos);
}

TEST_CASE("random numbers keep to their range and their shape") {
  Random random(3);
  std::int64_t sum = 0, squares = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t x = random.Between(-3, 3);
    REQUIRE(x >= -3);
    REQUIRE(x <= 3);
    const std::int64_t b = random.Bell(1000);
    sum += b;
    squares += b * b;
  }
  REQUIRE(std::abs(sum / 20'000) < 40);
  REQUIRE(squares / 20'000 > 930'000);
  REQUIRE(squares / 20'000 < 1'070'000);
}

}  // namespace
}  // namespace plumbline::generator
