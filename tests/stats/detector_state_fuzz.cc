// Any bytes as the state of a detector: refused, or a state of those bytes that can be stepped and saved again.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "engine/stats/confidence_sequence.h"
#include "engine/stats/ddsketch.h"
#include "engine/stats/detectors.h"
#include "engine/stats/e_detector.h"
#include "engine/stats/mewma.h"
#include "engine/stats/risk_detectors.h"
#include "engine/stats/run_chart.h"
#include "engine/stats/runs_rules.h"
#include "engine/stats/westgard.h"

namespace {

using namespace plumbline::stats;

void Must(bool condition) {
  if (!condition) std::abort();
}

// Decodes, compares with the bytes, steps a few observations and decodes what the state has become.
template <typename Decode, typename Save, typename Step>
void Check(std::string_view bytes, Decode decode, Save save, Step step) {
  auto state = decode(bytes);
  if (!state) return;
  Must(save(*state) == bytes);
  for (const double x : {0.3, -4.0, 7.0, 0.0, 1e300}) step(&*state, x);
  const auto again = decode(save(*state));
  Must(again.has_value() && *again == *state);
}

// A restored count is below 2^62; from one so near, which no stream reaches, a few steps lead beyond.
bool HasLastCounts(std::string_view bytes) {
  for (std::size_t i = 0; i + 8 <= bytes.size(); ++i) {
    std::uint64_t v = 0;
    std::memcpy(&v, bytes.data() + i, 8);
    if (v < (1ULL << 62) && v >= (1ULL << 62) - 16) return true;
  }
  return false;
}

template <typename State>
std::string Save(const State& s) {
  return Encode(s);
}

const EDetector& Detector() {
  static const EDetector detector = [] {
    EDetectorOptions o;
    o.threshold = 100;
    return EDetector::Make(o).value();
  }();
  return detector;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (HasLastCounts(bytes)) return 0;
  Check(bytes, DecodeCusum, Save<CusumState>, [](CusumState* s, double x) { (void)StepCusum({}, s, x); });
  Check(bytes, DecodeEwma, Save<EwmaState>, [](EwmaState* s, double x) { (void)StepEwma({}, s, x); });
  Check(bytes, DecodeRuns, EncodeRuns, [](RunsState* s, double x) { (void)StepRuns({}, s, x); });
  Check(bytes, DecodeAnhoej, Save<AnhoejState>, [](AnhoejState* s, double x) { (void)StepAnhoej(0, s, x); });
  Check(bytes, DecodeRaCusum, Save<RaCusumState>, [](RaCusumState* s, double x) { (void)StepRaCusum({}, s, x > 0, 0.2); });
  Check(bytes, DecodeVlad, Save<VladState>, [](VladState* s, double x) { StepVlad(s, x > 0, 0.2); });
  Check(bytes, DecodeSprt, Save<SprtState>, [](SprtState* s, double x) { (void)StepSprt({}, s, x > 0, 0.2); });
  Check(bytes, DecodeMaxSprt, Save<MaxSprtState>,
        [](MaxSprtState* s, double x) { (void)StepMaxSprt({}, s, x > 0 ? 1 : 0, 0.2); });
  Check(bytes, DecodeWestgard, Save<WestgardState>, [](WestgardState* s, double x) {
    const ControlValue run[1] = {{0, x}};
    (void)StepWestgard({}, s, run);
  });
  Check(bytes, DecodeMewma, Save<MewmaState>, [](MewmaState*, double) {});
  Check(
      bytes, [](std::string_view b) { return Detector().Restore(b); },
      [](const EDetectorState& s) { return Detector().Serialise(s); },
      [](EDetectorState* s, double x) {
        Detector().Step({x > 0 ? 1.0 : 0.0, 0.1, 0.2}, s);
      });
  Check(
      bytes, [](std::string_view b) { return DdSketch::Restore(b); }, [](const DdSketch& s) { return s.Serialise(); },
      [](DdSketch* s, double x) { s->Add(x); });
  Check(
      bytes, [](std::string_view b) { return EmpiricalBernsteinSequence::Restore(b); },
      [](const EmpiricalBernsteinSequence& s) { return s.Serialise(); },
      [](EmpiricalBernsteinSequence* s, double x) {
        s->Add(x);
        const Estimate e = s->Interval();
        Must(std::isfinite(e.value) && std::isfinite(e.low) && std::isfinite(e.high));
      });
  return 0;
}
