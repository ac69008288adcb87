// Exact decimals from the text of a JSON number: with an exponent where there is one, without binary floating point on the way.
#pragma once

#include <string_view>

#include "engine/base/decimal.h"

namespace plumbline::model {

struct DecimalText {
  enum Kind { kGood, kBad, kNotFinite };
  Kind kind = kBad;
  Decimal value;
};

// The grammar of JSON numbers ("-0.5", "1e2"; not "01", "1.", "+1"), blanks after it allowed. kBad for what does not fit the
// range and scale exactly; kNotFinite for NaN and infinities as languages write them.
[[nodiscard]] DecimalText ParseDecimalText(std::string_view text);

}  // namespace plumbline::model
