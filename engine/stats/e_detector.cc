#include "engine/stats/e_detector.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/math.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr double kLeastExpected = 1e-6;  // an expected value of 0 would make one event decide alone; raising it is conservative
constexpr double kMaxLog = 600;          // log values are kept in +-kMaxLog: exp stays finite, and 1e260 is proof enough

double Softplus(double x) {
  if (x > 37) return x;  // log(1+e^x) == x in doubles
  return det::Log1p(det::Exp(x));
}

double Clamp(double x, double low, double high) { return std::min(std::max(x, low), high); }

bool InUnit(double x) { return x >= 0 && x <= 1; }

void Put(std::string* out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}
void Put(std::string* out, double value) { Put(out, std::bit_cast<std::uint64_t>(value)); }

std::uint64_t Take(std::string_view* in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(static_cast<unsigned char>((*in)[i])) << (8 * i);
  in->remove_prefix(8);
  return value;
}

std::unexpected<NoResult> Domain(std::string what) { return No(Reason::kOutsideDomain, std::move(what)); }

Outcome<void> CheckOptions(const EDetectorOptions& o) {
  if (o.grid.empty() || o.grid.size() > kMaxEGrid) return Domain("the grid has 1 to 8 values");
  for (const double g : o.grid) {
    if (!std::isfinite(g) || g <= 0) return Domain("grid values are positive");
    if (o.response == Response::kBoundedLoss && g >= 1) return Domain("grid values for a bounded loss are below 1");
    if (o.response == Response::kBinary && g > 20) return Domain("grid values for a binary outcome are at most 20");
  }
  if (!o.weights.empty() && o.weights.size() != o.grid.size()) return Domain("as many weights as grid values");
  for (const double w : o.weights) {
    if (!std::isfinite(w) || w <= 0) return Domain("weights are positive");
  }
  if (!std::isfinite(o.threshold) || o.threshold <= 1 || o.threshold > 1e100) return Domain("the threshold c is above 1");
  if (!std::isfinite(o.margin.value) || o.margin.value < 0) return Domain("the margin is not negative");
  if (o.margin.kind == Margin::Kind::kAbsolute && o.margin.value >= 1) return Domain("an absolute margin is below 1");
  if (o.margin.kind == Margin::Kind::kOddsRatio && (o.margin.value < 1 || o.response != Response::kBinary)) {
    return Domain("an odds-ratio margin is at least 1 and for a binary outcome");
  }
  return {};
}

}  // namespace

std::vector<double> DefaultGrid(Response response) {
  if (response == Response::kBinary) return {0.25, 0.5, 0.75, 1.0, 1.4, 1.8};
  return {0.05, 0.1, 0.2, 0.4, 0.6, 0.9};
}

double BernoulliLogIncrement(double theta, double y, double p) { return theta * y - det::Log1p(p * det::Expm1(theta)); }
double BoundedLogIncrement(double lambda, double loss, double m) { return det::Log1p(lambda * (loss / m - 1)); }
double LogCusumStep(double log_m, double log_increment) { return std::max(0.0, log_m) + log_increment; }

Outcome<EDetector> EDetector::Make(const EDetectorOptions& options) {
  EDetector d;
  d.options_ = options;
  if (d.options_.grid.empty()) d.options_.grid = DefaultGrid(options.response);
  PLUMBLINE_TRY(CheckOptions(d.options_));
  d.size_ = d.options_.grid.size();
  if (d.options_.weights.empty()) d.options_.weights.assign(d.size_, 1.0);
  double total = 0;
  for (const double w : d.options_.weights) total += w;
  std::string canonical = "e_detector 1";
  Put(&canonical, static_cast<std::uint64_t>(options.response));
  Put(&canonical, static_cast<std::uint64_t>(options.sides));
  Put(&canonical, static_cast<std::uint64_t>(options.margin.kind));
  Put(&canonical, options.margin.value);
  Put(&canonical, options.threshold);
  Put(&canonical, options.min_n);
  for (std::size_t k = 0; k < d.size_; ++k) {
    d.grid_[k] = d.options_.grid[k];
    d.weights_[k] = d.options_.weights[k] / total;
    d.log_weights_[k] = det::Log(d.weights_[k]);
    d.expm1_[0][k] = det::Expm1(d.grid_[k]);
    d.expm1_[1][k] = det::Expm1(-d.grid_[k]);
    Put(&canonical, d.grid_[k]);
    Put(&canonical, d.weights_[k]);
  }
  d.log_threshold_ = det::Log(options.threshold);
  d.fingerprint_ = HashText(canonical);
  return d;
}

bool EDetector::Uses(std::size_t side) const {
  return options_.sides == WatchSides::kBoth || (options_.sides == WatchSides::kUp) == (side == 0);
}

double EDetector::Null(double expected, std::size_t side) const {
  const double value = options_.margin.value;
  double null = 0;
  if (options_.margin.kind == Margin::Kind::kAbsolute) {
    null = side == 0 ? expected + value : expected - value;
  } else {
    const double factor = side == 0 ? value : 1 / value;
    null = factor * expected / (1 - expected + factor * expected);
  }
  return side == 0 ? Clamp(null, kLeastExpected, 1) : Clamp(null, 0, 1 - kLeastExpected);
}

void EDetector::LogIncrements(std::size_t side, double y, double null, std::span<double> out) const {
  if (options_.response == Response::kBinary) {
    for (std::size_t k = 0; k < size_; ++k) {
      const double theta = side == 0 ? grid_[k] : -grid_[k];
      out[k] = theta * y - det::Log1p(null * expm1_[side][k]);
    }
    return;
  }
  const double loss = side == 0 ? y : 1 - y;
  const double m = side == 0 ? null : 1 - null;
  for (std::size_t k = 0; k < size_; ++k) out[k] = det::Log1p(grid_[k] * (loss / m - 1));
}

double EDetector::LogMix(const std::array<double, kMaxEGrid>& logs) const {
  double top = logs[0] + log_weights_[0];
  for (std::size_t k = 1; k < size_; ++k) top = std::max(top, logs[k] + log_weights_[k]);
  double sum = 0;
  for (std::size_t k = 0; k < size_; ++k) sum += det::Exp(logs[k] + log_weights_[k] - top);
  return top + det::Log(sum);
}

// Each side's averaged M (linear; the log state is capped, so this is finite).
std::array<double, 2> EDetector::DetectorSides(const EDetectorState& state) const {
  std::array<double, 2> m{};
  for (std::size_t side = 0; side < 2; ++side) {
    if (!Uses(side)) continue;
    for (std::size_t k = 0; k < size_; ++k) m[side] += weights_[k] * det::Expm1(state.detector[side][k]);
  }
  return m;
}

EStep EDetector::Step(const EObservation& o, EDetectorState* state) const {
  if (!InUnit(o.y) || !InUnit(o.expected_low) || !InUnit(o.expected_high) || o.expected_low > o.expected_high) {
    if (state->refused < UINT32_MAX) ++state->refused;
    return EStep::kRefused;
  }
  std::array<double, kMaxEGrid> increments{};
  for (std::size_t side = 0; side < 2; ++side) {
    if (!Uses(side)) continue;
    LogIncrements(side, o.y, Null(side == 0 ? o.expected_high : o.expected_low, side), increments);
    for (std::size_t k = 0; k < size_; ++k) {
      state->detector[side][k] = std::min(kMaxLog, Softplus(state->detector[side][k] + increments[k]));
      state->process[side][k] = Clamp(state->process[side][k] + increments[k], -kMaxLog, kMaxLog);
    }
  }
  ++state->n;
  ++state->since_restart;
  state->sum_y += o.y;
  state->sum_expected += (o.expected_low + o.expected_high) / 2;
  state->max_log_e = std::max(state->max_log_e, LogEProcess(*state));
  const std::array<double, 2> m = DetectorSides(*state);
  const double mean = options_.sides == WatchSides::kBoth ? (m[0] + m[1]) / 2 : m[0] + m[1];
  if (mean < options_.threshold || state->n < options_.min_n) return EStep::kQuiet;
  state->detector = {};
  state->since_restart = 0;
  ++state->alarms;
  return m[0] >= m[1] ? EStep::kAlarmUp : EStep::kAlarmDown;
}

std::optional<double> EDetector::LogDetector(const EDetectorState& state) const {
  const std::array<double, 2> m = DetectorSides(state);
  const double mean = options_.sides == WatchSides::kBoth ? (m[0] + m[1]) / 2 : m[0] + m[1];
  if (!(mean > 0)) return std::nullopt;
  return det::Log(mean);
}

double EDetector::LogEProcessOfSide(const EDetectorState& state, std::size_t side) const {
  return Uses(side) ? LogMix(state.process[side]) : 0;
}

double EDetector::LogEProcess(const EDetectorState& state) const {
  if (options_.sides == WatchSides::kUp) return LogMix(state.process[0]);
  if (options_.sides == WatchSides::kDown) return LogMix(state.process[1]);
  const double up = LogMix(state.process[0]), down = LogMix(state.process[1]);
  const double top = std::max(up, down);
  return top + det::Log((det::Exp(up - top) + det::Exp(down - top)) / 2);
}

double EDetector::AnytimeP(const EDetectorState& state) { return det::Exp(-state.max_log_e); }

std::size_t EDetector::SerialisedSize() const {
  const std::size_t sides = options_.sides == WatchSides::kBoth ? 2 : 1;
  return 1 + 8 + 8 * (2 * sides * size_ + 6);
}

std::string EDetector::Serialise(const EDetectorState& state) const {
  std::string out(1, static_cast<char>(kStateVersion));
  Put(&out, fingerprint_.lo);
  for (std::size_t side = 0; side < 2; ++side) {
    if (!Uses(side)) continue;
    for (std::size_t k = 0; k < size_; ++k) Put(&out, state.detector[side][k]);
    for (std::size_t k = 0; k < size_; ++k) Put(&out, state.process[side][k]);
  }
  for (const double x : {state.max_log_e, state.sum_y, state.sum_expected}) Put(&out, x);
  Put(&out, state.n);
  Put(&out, state.since_restart);
  Put(&out, (static_cast<std::uint64_t>(state.refused) << 32) | state.alarms);
  return out;
}

Outcome<EDetectorState> EDetector::Restore(std::string_view bytes) const {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != kStateVersion) return Domain("the state is of another version");
  if (bytes.size() != SerialisedSize()) return Domain("the state has another size than this design's");
  bytes.remove_prefix(1);
  if (Take(&bytes) != fingerprint_.lo) return Domain("the state belongs to another design");
  EDetectorState state;
  bool possible = true;
  const auto number = [&] {
    const double x = std::bit_cast<double>(Take(&bytes));
    possible = possible && std::isfinite(x) && !(x == 0 && std::signbit(x));
    return x;
  };
  for (std::size_t side = 0; side < 2; ++side) {
    if (!Uses(side)) continue;
    for (std::size_t k = 0; k < size_; ++k) {
      state.detector[side][k] = number();
      possible = possible && state.detector[side][k] >= 0 && state.detector[side][k] <= kMaxLog;
    }
    for (std::size_t k = 0; k < size_; ++k) {
      state.process[side][k] = number();
      possible = possible && std::fabs(state.process[side][k]) <= kMaxLog;
    }
  }
  state.max_log_e = number();
  state.sum_y = number();
  state.sum_expected = number();
  state.n = Take(&bytes);
  state.since_restart = Take(&bytes);
  const std::uint64_t counts = Take(&bytes);
  state.alarms = static_cast<std::uint32_t>(counts & 0xFFFFFFFFU);
  state.refused = static_cast<std::uint32_t>(counts >> 32);
  const auto n = static_cast<double>(state.n);
  possible = possible && state.n < (1ULL << 52) && state.since_restart <= state.n && state.max_log_e >= 0 &&
             state.max_log_e <= kMaxLog && state.sum_y >= 0 && state.sum_y <= n * (1 + 1e-9) && state.sum_expected >= 0 &&
             state.sum_expected <= n * (1 + 1e-9);
  if (!possible) return Domain("the state's numbers do not belong together");
  return state;
}

}  // namespace plumbline::stats
