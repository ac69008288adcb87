#include "engine/stats/mewma.h"

#include <array>
#include <cmath>

#include "engine/base/check.h"
#include "engine/stats/state_codec.h"

namespace plumbline::stats {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Outcome<MewmaDesign> MewmaDesign::Make(std::vector<double> target, const SquareMatrix& covariance, double lambda, double limit,
                                       EwmaLimits limits, AfterAlarm after) {
  if (target.empty() || target.size() > kMaxVariables || covariance.size() != target.size()) {
    return No(Reason::kOutsideDomain, "a MEWMA has between 1 and 50 variables and a covariance of that size");
  }
  for (const double v : target) {
    if (!std::isfinite(v)) return No(Reason::kOutsideDomain, "a target is finite");
  }
  if (!(lambda > 0 && lambda <= 1) || !(limit > 0 && std::isfinite(limit))) {
    return No(Reason::kOutsideDomain, "a MEWMA has lambda in (0, 1] and a limit above 0");
  }
  PLUMBLINE_ASSIGN(auto inverse, InverseSymmetric(covariance));
  return MewmaDesign(std::move(target), std::move(inverse), lambda, limit, limits, after);
}

MewmaState StartMewma(const MewmaDesign& d) { return MewmaState{0, 0, 1, std::vector<double>(d.variables(), 0.0)}; }

MewmaStep StepMewma(const MewmaDesign& d, MewmaState* s, std::span<const double> x) {
  PLUMBLINE_CHECK(s->z.size() == d.variables(), "a MEWMA's state belongs to its design");
  MewmaStep step;
  bool good = x.size() == d.variables();
  std::array<double, kMaxVariables> next{};
  for (std::size_t i = 0; good && i < x.size(); ++i) {
    next[i] = (1 - d.lambda()) * s->z[i] + d.lambda() * (x[i] - d.target()[i]);
    good = std::isfinite(next[i]);
  }
  const double decay = s->decay * (1 - d.lambda()) * (1 - d.lambda());
  const double part = d.limits() == EwmaLimits::kTimeVarying ? 1 - decay : 1;
  const double t2 = good ? QuadraticForm(d.inverse(), {next.data(), x.size()}) / (part * d.lambda() / (2 - d.lambda())) : 0;
  if (!good || !std::isfinite(t2)) {
    step.refused = true;
    return step;
  }
  for (std::size_t i = 0; i < x.size(); ++i) s->z[i] = next[i];
  s->decay = decay < 1e-300 ? 0 : decay;
  const std::uint64_t at = s->count++;
  step.t2 = t2;
  if (t2 > d.limit()) {
    step.alarm = Alarm{Rule::kMewma, Side::kNeither, at, s->since, 0};
    if (d.after() == AfterAlarm::kRestart) {
      s->z.assign(s->z.size(), 0.0);
      s->decay = 1;
      s->since = s->count;
    }
  }
  return step;
}

std::string Encode(const MewmaState& s) {
  StateWriter w(StateKind::kMewma, kVersion);
  w.U64(s.count);
  w.U64(s.since);
  w.F64(s.decay);
  w.U32(static_cast<std::uint32_t>(s.z.size()));
  for (const double z : s.z) w.F64(z);
  return w.Take();
}

Result<MewmaState> DecodeMewma(std::string_view bytes) {
  StateReader r(bytes, StateKind::kMewma, kVersion);
  MewmaState s;
  s.count = r.Count();
  s.since = r.Count();
  s.decay = r.F64();
  const std::uint32_t size = r.U32();
  r.Require(size <= kMaxVariables && s.since <= s.count && s.decay >= 0 && s.decay <= 1);
  for (std::uint32_t i = 0; i < size && i < kMaxVariables; ++i) s.z.push_back(r.F64());
  PLUMBLINE_TRY(r.Finish());
  return s;
}

}  // namespace plumbline::stats
