#include <cmath>
#include <string>

#include "engine/stats/arl.h"
#include "engine/stats/risk_detectors.h"
#include "tests/stats/golden.h"

using namespace plumbline::stats;

namespace {

std::string Row(const char* what, const std::vector<double>& row, std::size_t keys) {
  std::string text = what;
  for (std::size_t i = 0; i < keys; ++i) {
    char number[32];
    std::snprintf(number, sizeof number, " %g", row[i]);
    text += number;
  }
  return text;
}

}  // namespace

PLUMBLINE_GOLDEN(ArlCusum, "arl.cusum") {
  for (const auto& row : golden.expected()["table"].Matrix()) {
    CusumArlOptions options{.k = row[0], .h = row[1], .mean = row[2], .headstart = 0, .sides = Sides::kUpper};
    golden.NearValue(Row("one-sided", row, 3), CusumArl(options).value(), row[3]);
    options.sides = Sides::kTwo;
    golden.NearValue(Row("two-sided", row, 3), CusumArl(options).value(), row[4]);
  }
  for (const auto& row : golden.expected()["FIR"].Matrix()) {
    const CusumArlOptions options{.k = row[0], .h = row[1], .mean = row[3], .headstart = row[2], .sides = Sides::kTwo};
    golden.NearValue(Row("headstart", row, 4), CusumArl(options).value(), row[4]);
  }
  const auto& crit = golden.expected()["crit"];
  golden.NearValue("h one-sided 500", DesignCusum(0.5, 500, Sides::kUpper).value(), crit["one_sided_ARL0_500_k.5"].Number());
  golden.NearValue("h two-sided 370", DesignCusum(0.5, 370, Sides::kTwo).value(), crit["two_sided_ARL0_370_k.5"].Number());
  golden.NearValue("h two-sided 500", DesignCusum(0.5, 500, Sides::kTwo).value(), crit["two_sided_ARL0_500_k.5"].Number());
}

PLUMBLINE_GOLDEN(ArlEwma, "arl.ewma") {
  for (const auto& row : golden.expected()["table"].Matrix()) {
    EwmaArlOptions options{.lambda = row[0], .width = row[1], .mean = row[2], .limits = EwmaLimits::kAsymptotic};
    golden.NearValue(Row("fixed", row, 3), EwmaArl(options).value(), row[3]);
    options.limits = EwmaLimits::kTimeVarying;
    golden.NearValue(Row("time-varying", row, 3), EwmaArl(options).value(), row[4]);
  }
  const auto& crit = golden.expected()["crit"];
  golden.NearValue("width 0.1 370", DesignEwma(0.1, 370).value(), crit["lam.1_ARL0_370"].Number());
  golden.NearValue("width 0.1 500", DesignEwma(0.1, 500).value(), crit["lam.1_ARL0_500"].Number());
  golden.NearValue("width 0.2 500", DesignEwma(0.2, 500).value(), crit["lam.2_ARL0_500"].Number());
}

PLUMBLINE_GOLDEN(ArlMewma, "arl.mewma") {
  for (const auto& row : golden.expected()["table"].Matrix()) {
    golden.NearValue(Row("mewma", row, 4), MewmaArl(static_cast<std::size_t>(row[0]), row[1], row[2], row[3]).value(), row[4]);
  }
}

PLUMBLINE_GOLDEN(ArlPoissonCusum, "arl.poisson_cusum") {
  const auto k = static_cast<std::int64_t>(golden.params()["k"].Number());
  const auto h = static_cast<std::int64_t>(golden.params()["h"].Number());
  for (const auto& row : golden.expected()["table"].Matrix()) {
    golden.NearValue(Row("mean", row, 1), PoissonCusumArl(k, h, 1, row[0]).value(), row[1]);
  }
}

PLUMBLINE_GOLDEN(ArlVarianceEwma, "arl.s2_ewma") {
  const auto& p = golden.params();
  for (const auto& row : golden.expected()["table"].Matrix()) {
    golden.NearValue(Row("sigma", row, 1),
                     VarianceEwmaArl(p["lambda"].Number(), p["cu"].Number(), p["df"].Number(), row[0]).value(), row[1]);
  }
}

PLUMBLINE_GOLDEN(ArlShiryaevRoberts, "arl.shiryaev_roberts") {
  const double k = golden.params()["k"].Number();
  for (const auto& row : golden.expected()["table"].Matrix()) {
    const double arl = ShiryaevRobertsArl(k, row[0], row[1]).value();
    golden.NearValue(Row("threshold, mean", row, 2), arl, row[2]);
    if (row[1] == 0) golden.Holds("exp(threshold) <= ARL0", std::exp(row[0]) <= arl);
  }
}

PLUMBLINE_GOLDEN(ArlRaCusum, "arl.racusum") {
  const auto& data = golden.data()["risk_mix"];
  const RiskMix mix{data["p"].Numbers(), data["weight"].Numbers()};
  RaCusumArlOptions options{.odds_ratio = golden.params()["RA"].Number(), .h = golden.params()["h"].Number()};
  golden.Near("ARL_RQ1", RaCusumArl(mix, options).value());
  options.scaling = 600;
  golden.Near("ARL_RQ1_scaling600", RaCusumArl(mix, options).value());
  options.scaling = 200;
  options.true_odds_ratio = 2;
  golden.Near("ARL_RQ2", RaCusumArl(mix, options).value());
}

PLUMBLINE_GOLDEN(MaxSprtPoissonDesign, "se.maxsprt_poisson") {
  const double alpha = golden.params()["alpha"].Number();
  const auto events = golden.data()["c"].Numbers(), expected = golden.data()["mu"].Numbers();
  std::vector<double> llr;
  for (std::size_t i = 0; i < events.size(); ++i) llr.push_back(MaxSprtLlr(events[i], expected[i]));
  golden.Near("LLR", llr);
  for (const char* table : {"critical_values_exact_own", "critical_values_Sequential_R"}) {
    for (const auto& row : golden.expected()[table].Matrix()) {
      golden.NearValue(Row(table, row, 1), MaxSprtCriticalValue(alpha, row[0]).value(), row[1]);
    }
  }
}
