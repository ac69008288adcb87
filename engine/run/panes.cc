#include "engine/run/panes.h"

#include <algorithm>
#include <tuple>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/decimal.h"

namespace plumbline::run {
namespace {

constexpr std::uint8_t kFormat = 2;
constexpr double kSketchAlpha = 0.01;

void AddCase(PaneSums& sums, const PaneCase& what, int weight, bool sketched) {
  if (what.late) {
    sums.late += weight;
    return;
  }
  switch (what.verdict) {
    case rule::VerdictKind::kPass:
      sums.pass += weight;
      break;
    case rule::VerdictKind::kFail:
      sums.fail += weight;
      break;
    case rule::VerdictKind::kExcluded:
      sums.excluded += weight;
      return;
    case rule::VerdictKind::kUnknown:
      sums.unknown += weight;
      return;
    case rule::VerdictKind::kNone:
    case rule::VerdictKind::kPending:
      return;
  }
  if (!what.has_value) return;
  sums.sum += static_cast<Int128>(what.value) * weight;
  if (!sketched) return;
  if (!sums.sketch) sums.sketch = *stats::DdSketch::Make(kSketchAlpha);
  const double x = SketchValue(what.value);
  if (weight > 0) {
    sums.sketch->Add(x);
  } else {
    sums.sketch->Remove(x);
  }
}

}  // namespace

double SketchValue(std::int64_t units) { return Decimal::FromUnits(units).ToDouble(); }

Panes::Pane* Panes::Find(const Key& key) {
  Recent& recent = recent_[KeyHasher()(key) % recent_.size()];
  if (recent.pane != nullptr && recent.key == key) return recent.pane;
  const auto found = panes_.find(key);
  if (found == panes_.end()) return nullptr;
  recent = {key, &found->second};
  return recent.pane;
}

Panes::Pane& Panes::Add(const Key& key, std::vector<std::string> group) {
  Pane& pane = panes_[key];
  pane.measure = key.measure;
  pane.pane = key.pane;
  pane.group = std::move(group);
  return pane;
}

void Panes::Count(const Key& key, Pane& pane, const PaneCase& what, int weight) {
  AddCase(pane.sums, what, weight, measures_[key.measure].statistic == rule::Statistic::kPercentile);
  if (!pane.touched) {
    pane.touched = true;
    touched_.push_back(key);
  }
  MarkDirty(key, pane);
}

void Panes::MarkDirty(const Key& key, Pane& pane) {
  if (pane.dirty) return;
  pane.dirty = true;
  dirty_.push_back(key);
}

void Panes::TakeTouched(const std::function<void(const Pane&)>& f) {
  std::sort(touched_.begin(), touched_.end(), [](const Key& a, const Key& b) {
    return std::tie(a.measure, a.pane, a.group) < std::tie(b.measure, b.pane, b.group);
  });
  for (const Key& key : touched_) {
    Pane& pane = panes_.find(key)->second;
    pane.touched = false;
    MarkDirty(key, pane);
    f(pane);
  }
  touched_.clear();
}

std::string Panes::KeyBytes(const Key& key) {
  std::string out = "m";
  ByteWriter w(out);
  w.U16(key.measure);
  w.I64(key.pane);
  w.Hash(key.group);
  return out;
}

std::string Panes::ValueBytes(const Pane& pane) {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.U32(static_cast<std::uint32_t>(pane.group.size()));
  for (const std::string& text : pane.group) w.Text(text);
  const PaneSums& s = pane.sums;
  for (const std::int64_t n : {s.pass, s.fail, s.excluded, s.unknown, s.late}) w.I64(n);
  w.I64(static_cast<std::int64_t>(s.sum >> 64));
  w.U64(static_cast<std::uint64_t>(s.sum));
  w.Text(s.sketch ? s.sketch->Serialise() : std::string());
  w.U8(pane.touched ? 1 : 0);
  return out;
}

void Panes::TakeDirty(std::map<std::string, std::string>* out) {
  for (const Key& key : dirty_) {
    Pane& pane = panes_.find(key)->second;
    pane.dirty = false;
    (*out)[KeyBytes(key)] = ValueBytes(pane);
  }
  dirty_.clear();
}

void Panes::AppendAll(std::map<std::string, std::string>* out) const {
  for (const auto& [key, pane] : panes_) (*out)[KeyBytes(key)] = ValueBytes(pane);
}

Result<void> Panes::Restore(std::string_view key_bytes, std::string_view value) {
  ByteReader k(key_bytes);
  k.U8();
  Key key{k.U16(), 0, {}};
  key.pane = k.I64();
  key.group = k.Hash();
  ByteReader in(value);
  if (in.U8() != kFormat)
    return Fail(ErrorCode::kVersion, "a measure in the checkpoint has another format; start from the journal");
  if (!k.ok() || key.measure >= measures_.size())
    return Fail(ErrorCode::kConfig, "the checkpoint was made with another set of rules");
  Pane pane;
  pane.measure = key.measure;
  pane.pane = key.pane;
  for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) pane.group.emplace_back(in.Text());
  for (std::int64_t* n : {&pane.sums.pass, &pane.sums.fail, &pane.sums.excluded, &pane.sums.unknown, &pane.sums.late})
    *n = in.I64();
  const std::int64_t high = in.I64();
  pane.sums.sum = static_cast<Int128>(static_cast<UInt128>(static_cast<std::uint64_t>(high)) << 64 | in.U64());
  const std::string_view sketch = in.Text();
  if (!sketch.empty()) {
    auto restored = stats::DdSketch::Restore(sketch);
    if (!restored) return Fail(ErrorCode::kIntegrity, "a sketch in the checkpoint is damaged");
    pane.sums.sketch = *std::move(restored);
  }
  pane.touched = in.U8() != 0;
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "a measure in the checkpoint is cut short");
  if (pane.touched) touched_.push_back(key);
  panes_[key] = std::move(pane);
  return {};
}

}  // namespace plumbline::run
