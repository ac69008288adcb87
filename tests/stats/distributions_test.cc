// Reference values by mpmath 1.3 at 40 digits.
#include "engine/stats/distributions.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <initializer_list>

using namespace plumbline::stats;

namespace {

bool Close(double a, double b, double relative = 1e-13) {
  const bool close = std::fabs(a - b) <= relative * std::fabs(b);
  if (!close) std::printf("%.17g is not %.17g, off by %.3g\n", a, b, std::fabs(a / b - 1));
  return close;
}

}  // namespace

TEST_CASE("incomplete gamma and beta keep thirteen digits in both tails", "[distributions]") {
  struct GammaRow {
    double a, x, lower, upper;
  };
  for (const auto& r : std::initializer_list<GammaRow>{{0.1, 0.01, 0.662621259954479792, 0.337378740045520208},
                                                       {0.5, 3, 0.98569412156457036, 0.0143058784354296395},
                                                       {1, 1, 0.632120558828557678, 0.367879441171442322},
                                                       {5, 4.5, 0.467896423625284522, 0.532103576374715478},
                                                       {5, 30, 0.999999996375699048, 3.62430095206148803e-9},
                                                       {100, 90, 0.158220989186430168, 0.841779010813569832},
                                                       {100, 150, 0.999994075459664516, 5.92454033548391583e-6},
                                                       {10000, 10100, 0.841348750447179622, 0.158651249552820378},
                                                       {1e6, 998000, 0.0226961140067368028, 0.977303885993263197}}) {
    const Tails t = IncompleteGamma(r.a, r.x);
    INFO("a " << r.a << " x " << r.x);
    CHECK(Close(t.lower, r.lower));
    CHECK(Close(t.upper, r.upper));
  }
  struct BetaRow {
    double a, b, x, lower, upper;
  };
  for (const auto& r : std::initializer_list<BetaRow>{{0.5, 0.5, 0.1, 0.204832764699133458, 0.795167235300866542},
                                                      {2, 3, 0.25, 0.26171875, 0.73828125},
                                                      {10, 0.5, 0.99, 0.657928175156784327, 0.342071824843215673},
                                                      {100, 200, 0.25, 0.000658892498465782337, 0.999341107501534218},
                                                      {1000, 1000, 0.51, 0.81444734056848855, 0.18555265943151145},
                                                      {0.01, 5, 0.125, 0.995458848013018821, 0.00454115198697117859}}) {
    const Tails t = IncompleteBeta(r.a, r.b, r.x, 1 - r.x);
    INFO("a " << r.a << " b " << r.b << " x " << r.x);
    CHECK(Close(t.lower, r.lower));
    // Where the other tail is the one computed, the digits lost are those of the complement.
    CHECK(std::fabs(t.upper - r.upper) <= 1e-13 * r.upper + 2e-14 * r.lower);
  }
}

TEST_CASE("normal, t, F and noncentral chi-squared agree with a 40-digit reference", "[distributions]") {
  CHECK(Close(NormalCdf(-8), 6.22096057427178412e-16));
  CHECK(Close(NormalCdf(-1.96), 0.0249978951482204362));
  CHECK(Close(NormalCdf(0.3), 0.617911422188952633));
  CHECK(Close(NormalUpper(-5), 0.999999713348428121));
  CHECK(Close(NormalQuantile(0.975), 1.95996398454005423552));
  CHECK(Close(StudentTTwoSided(2.5, 5), 0.0544900993423762411));
  CHECK(Close(FUpper(4, 3, 10), 0.0413476810360825422));
  CHECK(Close(NoncentralChiSquaredCdf(5, 2, 3), 0.594060803078196675));
  CHECK(Close(NoncentralChiSquaredPdf(5, 2, 3), 0.0927786938113565353));
  CHECK(Close(NoncentralChiSquaredCdf(20, 4, 0.5), 0.998751593612886763));
  CHECK(Close(NoncentralChiSquaredPdf(20, 4, 0.5), 0.000511641479049155212));
  CHECK(Close(NoncentralChiSquaredCdf(300, 3, 250), 0.926286128346533674));
  CHECK(Close(NoncentralChiSquaredPdf(300, 3, 250), 0.0040398915957158492));
}

TEST_CASE("a quantile is where its distribution has that probability", "[distributions]") {
  for (const double p : {1e-12, 1e-5, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999999}) {
    INFO("p " << p);
    CHECK(Close(NormalCdf(NormalQuantile(p)), p, 1e-13));
    for (const double shape : {0.05, 0.5, 1.0, 3.5, 200.0, 1e5}) {
      INFO("shape " << shape);
      CHECK(Close(GammaCdf(GammaQuantile(p, shape), shape), p, 1e-11));
      CHECK(Close(GammaUpper(GammaUpperQuantile(p, shape), shape), p, 1e-11));
    }
    for (const double a : {0.5, 2.0, 40.0}) {
      for (const double b : {0.5, 3.0, 500.0}) {
        INFO("a " << a << " b " << b);
        CHECK(Close(FCdf(FQuantile(p, 2 * a, 2 * b), 2 * a, 2 * b), p, 1e-11));
        CHECK(Close(FUpper(FUpperQuantile(p, 2 * a, 2 * b), 2 * a, 2 * b), p, 1e-11));
        if (p > 1e-5 && p < 0.99) CHECK(Close(BetaCdf(BetaQuantile(p, a, b), a, b), p, 1e-11));
      }
    }
    for (const double df : {1.0, 2.5, 30.0, 1e4}) {
      INFO("df " << df);
      CHECK(Close(StudentTCdf(StudentTQuantile(p, df), df), p, 1e-11));
    }
  }
}

TEST_CASE("binomial and Poisson tails are the sums of their terms", "[distributions]") {
  for (const double p : {0.0, 0.03, 0.5, 0.9, 1.0}) {
    double sum = 0;
    for (int k = 0; k <= 40; ++k) {
      CHECK(std::fabs(BinomialAtLeast(k, 40, p) - (1 - sum)) < 1e-12);
      sum += BinomialPmf(k, 40, p);
      CHECK(std::fabs(BinomialCdf(k, 40, p) - sum) < 1e-12);
    }
  }
  for (const double mean : {0.0, 0.2, 7.0, 60.0}) {
    double sum = 0;
    for (int k = 0; k <= 90; ++k) {
      CHECK(std::fabs(PoissonAtLeast(k, mean) - (1 - sum)) < 1e-12);
      sum += PoissonPmf(k, mean);
      CHECK(std::fabs(PoissonCdf(k, mean) - sum) < 1e-12);
    }
  }
  CHECK(BinomialQuantile(0.05, 9, 0.5) == 2);
  CHECK(BinomialQuantile(0.5, 1, 0.5) == 0);  // the boundary itself: P(X <= 0) = 0.5
  CHECK(PoissonQuantile(0.95, 7) == 12);
  CHECK(PoissonQuantile(0.95, 0) == 0);
}
