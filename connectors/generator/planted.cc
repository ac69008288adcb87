#include "connectors/generator/planted.h"

#include <map>

#include "engine/model/encode.h"
#include "engine/model/iso_time.h"

namespace plumbline::generator {
namespace {

constexpr model::TimeMs kHour = 3'600'000;

void Text(std::string& out, std::string_view name, std::string_view text) {
  model::AppendJsonText(out, name);
  out += ": ";
  model::AppendJsonText(out, text);
}

void Number(std::string& out, std::string_view name, std::int64_t number) {
  model::AppendJsonText(out, name);
  out += ": " + std::to_string(number);
}

struct Tally {
  std::uint64_t cases = 0, in_time = 0, late = 0, never = 0;
};

void Misbehaving(const Planted& p, std::string& out) {
  out += "},\n  ";
  Text(out, "late_clinician", p.late_clinician);
  out += ",\n  \"drift\": {";
  Text(out, "device", p.drifting_device);
  out += ", ";
  Text(out, "from", model::FormatTime(p.drift_from));
  out += ", ";
  Number(out, "mg_dl_per_hour", p.drift_mg_dl_per_hour);
  out += "},\n  \"silent\": {";
  Text(out, "site", p.silent_site);
  out += ", ";
  Text(out, "source", p.silent_source);
  out += ", ";
  Text(out, "from", model::FormatTime(p.silent_from));
  out += ", ";
  Text(out, "to", model::FormatTime(p.silent_to));
  out += "},\n  \"sepsis_by_clinician\": {";
}

void ByClinician(const Planted& p, std::string& out) {
  std::map<std::string, Tally> tallies;
  for (const SepsisCase& c : p.sepsis) {
    Tally& tally = tallies[c.clinician];
    ++tally.cases;
    ++(c.given == model::kNoTime ? tally.never : c.given <= c.diagnosed + kHour ? tally.in_time : tally.late);
  }
  bool first = true;
  for (const auto& [clinician, tally] : tallies) {
    out += first ? "\n    " : ",\n    ";
    first = false;
    model::AppendJsonText(out, clinician);
    out += ": {\"cases\": " + std::to_string(tally.cases) + ", \"within_1h\": " + std::to_string(tally.in_time) +
           ", \"later\": " + std::to_string(tally.late) + ", \"never\": " + std::to_string(tally.never) + "}";
  }
}

void Cases(const Planted& p, std::string& out) {
  out += "\n  },\n  \"sepsis\": [";
  bool first = true;
  for (const SepsisCase& c : p.sepsis) {
    out += first ? "\n    {" : ",\n    {";
    first = false;
    Text(out, "site", c.site);
    out += ", ";
    Text(out, "patient", c.patient);
    out += ", ";
    Text(out, "diagnosis_id", c.diagnosis_id);
    out += ", ";
    Text(out, "clinician", c.clinician);
    out += ", ";
    Text(out, "diagnosed", model::FormatTime(c.diagnosed));
    out += ", \"given\": ";
    if (c.given == model::kNoTime) {
      out += "null}";
    } else {
      model::AppendJsonText(out, model::FormatTime(c.given));
      out += "}";
    }
  }
}

}  // namespace

std::string Planted::ToJson() const {
  std::string out = "{\n  ";
  Number(out, "seed", static_cast<std::int64_t>(seed));
  out += ",\n  ";
  Text(out, "start", model::FormatTime(start));
  out += ",\n  ";
  Text(out, "end", model::FormatTime(end));
  out += ",\n  \"counts\": {";
  const std::pair<std::string_view, std::uint64_t> numbers[] = {{"device", counts.device},
                                                                {"consultation", counts.consultation},
                                                                {"diagnosis", counts.diagnosis},
                                                                {"heartbeats", counts.heartbeats},
                                                                {"late", counts.late},
                                                                {"corrections", counts.corrections},
                                                                {"withdrawals", counts.withdrawals},
                                                                {"duplicates", counts.duplicates},
                                                                {"qc_samples", counts.qc_samples},
                                                                {"records", counts.records}};
  bool first = true;
  for (const auto& [name, value] : numbers) {
    if (!first) out += ", ";
    first = false;
    Number(out, name, static_cast<std::int64_t>(value));
  }
  Misbehaving(*this, out);
  ByClinician(*this, out);
  Cases(*this, out);
  return out + "\n  ]\n}\n";
}

}  // namespace plumbline::generator
