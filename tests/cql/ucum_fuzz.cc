// Any bytes as a unit: the parser ends, and what it takes converts to itself and multiplies without fault.
#include <cstdint>
#include <string_view>

#include "engine/base/check.h"
#include "engine/cql/quantity.h"
#include "engine/cql/ucum.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  using namespace plumbline::cql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto unit = ParseUnit(text);
  if (!unit) return 0;
  const Decimal one = Decimal::FromInteger(1);
  const auto same = ConvertUnit(one, *unit, *unit);
  PLUMBLINE_CHECK(!same || *same == one, "a unit converts to itself");
  PLUMBLINE_CHECK(SameDimension(*unit, *unit), "a unit has its own dimension");
  if (const auto product = UnitProduct(*unit, *unit, false)) {
    if (const auto squared = ParseUnit(*product)) {
      for (std::size_t i = 0; i < unit->dimension.size(); ++i) {
        PLUMBLINE_CHECK(squared->dimension[i] == 2 * unit->dimension[i], "a square has twice the exponents");
      }
    }
  }
  if (const auto nothing = UnitProduct(*unit, *unit, true)) PLUMBLINE_CHECK(*nothing == "1", "a unit over itself is nothing");
  (void)NormalUnit(text);
  return 0;
}
