// Elementary functions that give the same bits on every CPU. glibc chooses its implementation at run time and results differ in the
// last bit; SLEEF's "cinz ... purec" variants (no FMA, pure C) do not. Everything that decides uses these, never <cmath>'s
// exp, log, pow, expm1, log1p, lgamma, tgamma, erf, erfc, sin, cos. (sqrt, floor, fabs, fma-free arithmetic are exact in IEEE 754.)
// Errors: at most 1 ulp (erfc 1.5 ulp) over the whole range, as SLEEF documents. NaN in, NaN out.
#pragma once

namespace plumbline::det {

[[nodiscard]] double Exp(double x);
[[nodiscard]] double Exp2(double x);
[[nodiscard]] double Expm1(double x);
[[nodiscard]] double Log(double x);
[[nodiscard]] double Log2(double x);
[[nodiscard]] double Log10(double x);
[[nodiscard]] double Log1p(double x);
[[nodiscard]] double Pow(double x, double y);
[[nodiscard]] double LGamma(double x);
[[nodiscard]] double TGamma(double x);
[[nodiscard]] double Erf(double x);
[[nodiscard]] double Erfc(double x);
[[nodiscard]] double Sin(double x);
[[nodiscard]] double Cos(double x);
[[nodiscard]] double Tan(double x);
[[nodiscard]] double Asin(double x);
[[nodiscard]] double Acos(double x);
[[nodiscard]] double Atan(double x);
[[nodiscard]] double Atan2(double y, double x);
[[nodiscard]] double Sinh(double x);
[[nodiscard]] double Cosh(double x);
[[nodiscard]] double Tanh(double x);

}  // namespace plumbline::det
