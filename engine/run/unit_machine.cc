#include "engine/run/unit_machine.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/decimal.h"
#include "engine/model/encode.h"

namespace plumbline::run {

using model::TimeMs;
using rule::GroupField;
using rule::Measure;
using rule::Statistic;

struct UnitMachine::Parser {
  simdjson::dom::parser json;
  simdjson::padded_string padded;
};

namespace {

constexpr std::string_view kStateKey = "u";
constexpr std::uint8_t kFormat = 2;

std::string_view FieldName(GroupField field) {
  switch (field) {
    case GroupField::kSite:
      return "site";
    case GroupField::kSource:
      return "source";
    case GroupField::kCode:
      return "code";
    case GroupField::kClinician:
      return "clinician";
    case GroupField::kRole:
      return "role";
    case GroupField::kDevice:
      return "device";
    case GroupField::kDeviceModel:
      return "device_model";
    case GroupField::kUnit:
      return "unit";
  }
  return "";
}

std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

void AddTo(PaneSums& total, const PaneSums& part) {
  total.pass += part.pass;
  total.fail += part.fail;
  total.excluded += part.excluded;
  total.unknown += part.unknown;
  total.late += part.late;
  total.sum += part.sum;
  if (!part.sketch) return;
  if (!total.sketch) {
    total.sketch = part.sketch;
  } else if (!total.sketch->Merge(*part.sketch)) {
    total.sketch.reset();
  }
}

// Shortest text that reads back as the same double.
std::string Number(double x) {
  char text[40];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
}

// sum / n in units of 1e-8, rounded half away from zero.
std::string Mean(Int128 sum, std::int64_t n) {
  const bool negative = sum < 0;
  const UInt128 magnitude = negative ? static_cast<UInt128>(-sum) : static_cast<UInt128>(sum);
  const UInt128 quotient = (magnitude + static_cast<UInt128>(n) / 2) / static_cast<UInt128>(n);
  const Int128 units = static_cast<Int128>(quotient);
  return Decimal::FromUnits(negative ? -units : units).ToText();
}

}  // namespace

UnitMachine::UnitMachine(UnitMachineOptions options, std::shared_ptr<const rule::RuleSet> rules)
    : options_(std::move(options)), rules_(std::make_shared<rule::RuleSet>(*rules)), parser_(std::make_unique<Parser>()) {
  for (std::size_t m = 0; m < rules_->measures.size(); ++m) {
    measure_by_name_[rules_->measures[m].id + "/" + std::to_string(rules_->measures[m].revision)] = static_cast<std::uint16_t>(m);
  }
}

UnitMachine::~UnitMachine() = default;

void UnitMachine::Take(const io::Record& record) { TakeLine(AsText(record.value)); }
void UnitMachine::Tick(std::uint16_t, std::int64_t) {}
void UnitMachine::Command(std::string_view) {}

// A line that is not of stage one is counted and passed over: the log may carry what a newer stage one writes.
void UnitMachine::TakeLine(std::string_view line) try {
  parser_->padded = simdjson::padded_string(line);
  const simdjson::dom::object o = parser_->json.parse(parser_->padded).get_object();
  const std::string_view type = o["type"].get_string();
  const auto partition = static_cast<std::uint32_t>(std::uint64_t(o["partition"]));
  if (type == "edition") {
    TakeEdition(std::string(std::string_view(o["name"])), std::string(std::string_view(o["text"])));
  } else if (type == "partial") {
    const std::string name = std::string(std::string_view(o["measure"])) + "/" + std::to_string(std::uint64_t(o["revision"]));
    const auto measure = measure_by_name_.find(name);
    if (measure == measure_by_name_.end()) return;
    Group group;
    for (const auto text : o["group"].get_array()) group.emplace_back(std::string_view(text));
    PaneSums sums;
    sums.pass = o["pass"].get_int64();
    sums.fail = o["fail"].get_int64();
    sums.excluded = o["excluded"].get_int64();
    sums.unknown = o["unknown"].get_int64();
    sums.late = o["late"].get_int64();
    std::int64_t high = 0;
    std::uint64_t low = 0;
    if (o["sum_high"].get(high) == simdjson::SUCCESS && o["sum_low"].get(low) == simdjson::SUCCESS) {
      sums.sum = static_cast<Int128>(static_cast<UInt128>(static_cast<std::uint64_t>(high)) << 64 | low);
    }
    std::string_view sketch;
    if (o["sketch"].get(sketch) == simdjson::SUCCESS) {
      if (auto restored = stats::DdSketch::Restore(FromHex(sketch))) sums.sketch = *std::move(restored);
    }
    const std::int64_t pane = o["pane"].get_int64();
    panes_[{measure->second, group, pane}].by_partition[partition] = std::move(sums);
    Touch(measure->second, group, pane);
  } else if (type == "marker") {
    auto& before = final_before_[partition];
    before.resize(rules_->measures.size(), model::kNoTime);
    for (const auto field : o["final_before"].get_object()) {
      const auto measure = measure_by_name_.find(std::string(field.key));
      if (measure != measure_by_name_.end()) before[measure->second] = field.value.get_int64();
    }
    markers_moved_ = true;
  } else if (type == "intake") {
    const std::string_view site = o["site"], source = o["source"];
    const std::pair<std::string, std::string> feed{site, source};
    IntakeCounts& c = intake_[feed][partition];
    c.events = o["events"].get_uint64();
    c.before = o["before"].get_uint64();
    c.below = o["below"].get_uint64();
    std::size_t i = 0;
    for (const auto n : o["delay"].get_array()) c.delay.at(i++) = n.get_uint64();
    i = 0;
    for (const auto n : o["below_by"].get_array()) c.below_by.at(i++) = n.get_uint64();
    touched_intake_.insert(feed);
  }
} catch (const std::exception&) {
  ++malformed_;
}

// Every partition says so; the first counts. What does not compile was refused by stage one already.
void UnitMachine::TakeEdition(const std::string& name, const std::string& text) {
  for (const auto& known : editions_) {
    if (known.second == text) return;
  }
  if (!options_.compile) return;
  const auto edition = options_.compile(name, text);
  if (!edition) return;
  editions_.emplace_back(name, text);
  for (const Measure& m : edition->measures) {
    const auto number = static_cast<std::uint16_t>(rules_->measures.size());
    if (measure_by_name_.try_emplace(m.id + "/" + std::to_string(m.revision), number).second) rules_->measures.push_back(m);
  }
}

std::string UnitMachine::ZoneOf(const Measure& measure, const Group& group) const {
  for (std::size_t i = 0; i < measure.by.size() && i < group.size(); ++i) {
    if (measure.by[i] != GroupField::kSite) continue;
    const auto it = options_.zone_of_site.find(group[i]);
    if (it != options_.zone_of_site.end()) return it->second;
  }
  return options_.default_zone;
}

void UnitMachine::Touch(std::uint16_t measure, const Group& group, std::int64_t pane) {
  std::vector<Span> spans;
  WindowsOf(rules_->measures[measure].window, ZoneOf(rules_->measures[measure], group), pane, spans);
  for (const Span& span : spans) {
    const WindowKey key{measure, group, span};
    windows_[key].insert(pane);
    touched_.insert(key);
    open_.insert(key);
  }
}

TimeMs UnitMachine::FinalBefore(std::uint16_t measure) const {
  if (final_before_.size() < options_.stage_one_partitions) return model::kNoTime;
  TimeMs least = INT64_MAX;
  for (const auto& [partition, before] : final_before_)
    least = std::min(least, measure < before.size() ? before[measure] : model::kNoTime);
  return least;
}

std::vector<std::uint32_t> UnitMachine::MissingPartitions() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t p = 0; p < options_.stage_one_partitions; ++p) {
    if (!final_before_.contains(p)) out.push_back(p);
  }
  return out;
}

std::string UnitMachine::ResultOf(const WindowKey& key) const {
  const auto& [m, group, span] = key;
  const Measure& measure = rules_->measures[m];
  PaneSums total;
  for (const std::int64_t pane : windows_.at(key)) {
    for (const auto& [partition, sums] : panes_.at({m, group, pane}).by_partition) AddTo(total, sums);
  }
  std::string s = "{\"type\":\"window\",\"measure\":";
  model::AppendJsonText(s, measure.id);
  s += ",\"revision\":" + std::to_string(measure.revision) + ",\"group\":{";
  for (std::size_t i = 0; i < measure.by.size() && i < group.size(); ++i) {
    if (i > 0) s += ",";
    model::AppendJsonText(s, FieldName(measure.by[i]));
    s += ":";
    model::AppendJsonText(s, group[i]);
  }
  s += "}";
  if (span.start != INT64_MIN) s += ",\"start\":" + std::to_string(span.start) + ",\"end\":" + std::to_string(span.end);
  const std::int64_t n = total.pass + total.fail;
  // The end of everything is final when the stream has been closed.
  const bool is_final = FinalBefore(m) >= (span.end == INT64_MAX ? TimeMs{250'000'000'000'000} : span.end);
  const std::string tail = std::string(",\"final\":") + (is_final ? "true" : "false") + "}";
  if (n < static_cast<std::int64_t>(measure.min_n)) return s + ",\"n_below\":" + std::to_string(measure.min_n) + tail;
  s += ",\"n\":" + std::to_string(n) + ",\"pass\":" + std::to_string(total.pass) + ",\"fail\":" + std::to_string(total.fail) +
       ",\"excluded\":" + std::to_string(total.excluded) + ",\"unknown\":" + std::to_string(total.unknown) +
       ",\"late\":" + std::to_string(total.late);
  if (n > 0) {
    if (measure.statistic == Statistic::kRate)
      s += ",\"rate\":" + Number(static_cast<double>(total.pass) / static_cast<double>(n));
    if (measure.statistic == Statistic::kMean) s += ",\"mean\":" + Mean(total.sum, n);
    if (measure.statistic == Statistic::kPercentile && total.sketch) {
      if (const auto q = total.sketch->Quantile(measure.quantile)) s += ",\"quantile\":" + Number(*q);
    }
  }
  return s + tail;
}

// Windows that markers have made final are told once more, as such.
void UnitMachine::SettleWindows() {
  if (!markers_moved_) return;
  markers_moved_ = false;
  for (const WindowKey& key : open_) {
    const TimeMs end = std::get<2>(key).end;
    if (FinalBefore(std::get<0>(key)) >= (end == INT64_MAX ? TimeMs{250'000'000'000'000} : end)) touched_.insert(key);
  }
}

void UnitMachine::Finish(io::Effects& effects) {
  SettleWindows();
  for (const WindowKey& key : touched_) {
    std::string line = ResultOf(key);
    if (line.ends_with("\"final\":true}")) open_.erase(key);
    std::string& told = told_[key];
    if (line == told) continue;
    told = std::move(line);
    effects.Add(io::OutputLog::kMeasures, rules_->measures[std::get<0>(key)].id, told);
  }
  touched_.clear();
  WriteIntake(effects);
}

void UnitMachine::WriteIntake(io::Effects& effects) {
  for (const auto& feed : touched_intake_) {
    IntakeCounts total;
    for (const auto& [partition, c] : intake_[feed]) {
      total.events += c.events;
      total.before += c.before;
      total.below += c.below;
      for (std::size_t i = 0; i < c.delay.size(); ++i) total.delay[i] += c.delay[i];
      for (std::size_t i = 0; i < c.below_by.size(); ++i) total.below_by[i] += c.below_by[i];
    }
    std::string s = "{\"type\":\"intake\",\"site\":";
    model::AppendJsonText(s, feed.first);
    s += ",\"source\":";
    model::AppendJsonText(s, feed.second);
    s += ",\"events\":" + std::to_string(total.events) + ",\"before\":" + std::to_string(total.before) +
         ",\"below\":" + std::to_string(total.below);
    for (const auto& [name, counts] : {std::pair("delay", &total.delay), std::pair("below_by", &total.below_by)}) {
      s += std::string(",\"") + name + "\":[";
      for (std::size_t i = 0; i < counts->size(); ++i) s += (i > 0 ? "," : "") + std::to_string((*counts)[i]);
      s += "]";
    }
    s += "}";
    effects.Add(io::OutputLog::kMeasures, "intake|" + feed.first + "|" + feed.second, s);
  }
  touched_intake_.clear();
}

// State is small beside stage one's (panes, not events), so a checkpoint holds all of it, as the lines that rebuild it.
std::map<std::string, std::string> UnitMachine::Everything() const {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.U64(malformed_);
  w.U32(static_cast<std::uint32_t>(editions_.size()));
  for (const auto& [name, text] : editions_) {
    w.Text(name);
    w.Text(text);
  }
  w.U32(static_cast<std::uint32_t>(panes_.size()));
  for (const auto& [key, part] : panes_) {
    const auto& [measure, group, pane] = key;
    w.U16(measure);
    w.U32(static_cast<std::uint32_t>(group.size()));
    for (const std::string& text : group) w.Text(text);
    w.I64(pane);
    w.U32(static_cast<std::uint32_t>(part.by_partition.size()));
    for (const auto& [partition, s] : part.by_partition) {
      w.U32(partition);
      for (const std::int64_t n : {s.pass, s.fail, s.excluded, s.unknown, s.late}) w.I64(n);
      w.I64(static_cast<std::int64_t>(s.sum >> 64));
      w.U64(static_cast<std::uint64_t>(s.sum));
      w.Text(s.sketch ? s.sketch->Serialise() : std::string());
    }
  }
  w.U32(static_cast<std::uint32_t>(final_before_.size()));
  for (const auto& [partition, before] : final_before_) {
    w.U32(partition);
    w.U32(static_cast<std::uint32_t>(before.size()));
    for (const TimeMs t : before) w.I64(t);
  }
  w.U32(static_cast<std::uint32_t>(intake_.size()));
  for (const auto& [feed, by] : intake_) {
    w.Text(feed.first);
    w.Text(feed.second);
    w.U32(static_cast<std::uint32_t>(by.size()));
    for (const auto& [partition, c] : by) {
      w.U32(partition);
      for (const std::uint64_t n : {c.events, c.before, c.below}) w.U64(n);
      for (const std::uint64_t n : c.delay) w.U64(n);
      for (const std::uint64_t n : c.below_by) w.U64(n);
    }
  }
  return {{std::string(kStateKey), out}};
}

void UnitMachine::BeginCheckpoint() { frozen_ = Everything(); }

bool UnitMachine::NextSlice(std::size_t, const SliceSink& sink) {
  for (const auto& [key, value] : frozen_) sink(key, value);
  frozen_.clear();
  return false;
}

Result<void> UnitMachine::Restore(std::string_view key, std::string_view value) {
  if (key != kStateKey) return Fail(ErrorCode::kIntegrity, "the checkpoint of stage two holds a key of no known kind");
  ByteReader in(value);
  if (in.U8() != kFormat)
    return Fail(ErrorCode::kVersion, "the checkpoint of stage two has another format; start from the journal");
  malformed_ = in.U64();
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const std::string name(in.Text());
    TakeEdition(name, std::string(in.Text()));
  }
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const std::uint16_t measure = in.U16();
    Group group;
    for (std::uint32_t g = in.U32(); g > 0 && in.ok(); --g) group.emplace_back(in.Text());
    const std::int64_t pane = in.I64();
    if (measure >= rules_->measures.size()) return Fail(ErrorCode::kConfig, "the checkpoint was made with another set of rules");
    for (std::uint32_t p = in.U32(); p > 0 && in.ok(); --p) {
      PaneSums& s = panes_[{measure, group, pane}].by_partition[in.U32()];
      for (std::int64_t* x : {&s.pass, &s.fail, &s.excluded, &s.unknown, &s.late}) *x = in.I64();
      const std::int64_t high = in.I64();
      s.sum = static_cast<Int128>(static_cast<UInt128>(static_cast<std::uint64_t>(high)) << 64 | in.U64());
      const std::string_view sketch = in.Text();
      if (sketch.empty()) continue;
      if (auto restored = stats::DdSketch::Restore(sketch)) s.sketch = *std::move(restored);
    }
    Touch(measure, group, pane);
  }
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    auto& before = final_before_[in.U32()];
    for (std::uint32_t m = in.U32(); m > 0 && in.ok(); --m) before.push_back(in.I64());
    before.resize(rules_->measures.size(), model::kNoTime);
  }
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
    const std::string site(in.Text()), source(in.Text());
    for (std::uint32_t p = in.U32(); p > 0 && in.ok(); --p) {
      IntakeCounts& c = intake_[{site, source}][in.U32()];
      for (std::uint64_t* x : {&c.events, &c.before, &c.below}) *x = in.U64();
      for (std::uint64_t& x : c.delay) x = in.U64();
      for (std::uint64_t& x : c.below_by) x = in.U64();
    }
  }
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "the checkpoint of stage two is cut short");
  // What has been told of each window follows from the state; nothing is told again.
  for (const WindowKey& window : touched_) {
    told_[window] = ResultOf(window);
    if (told_[window].ends_with("\"final\":true}")) open_.erase(window);
  }
  touched_.clear();
  return {};
}

Digest UnitMachine::StateDigest() {
  Sha256 sha;
  for (const auto& [key, value] : Everything()) {
    sha.Update(key);
    sha.Update(value);
  }
  return sha.Finish();
}

}  // namespace plumbline::run
