// The atoms and prefixes of UCUM, as data. Part of ucum.cc.
#pragma once

#include <span>
#include <string_view>

namespace plumbline::cql {

enum class AtomKind : unsigned char {
  kBase,  // definition names no unit; the value is its place in Unit::dimension
  kPlain,
  kMetric,     // takes prefixes
  kArbitrary,  // has no dimension but its own
  kArbitraryMetric,
  kOffset,  // temperature scales: base = (value + offset) * factor
  kOffsetMetric,
};

struct UnitAtom {
  std::string_view code;
  AtomKind kind;
  std::string_view value;  // decimal, with e for a power of ten; "pi"
  std::string_view unit;   // in which value is expressed; only atoms above it in the table
  std::string_view offset;
};

struct UnitPrefix {
  std::string_view code;
  int exponent;         // of ten
  int binary_exponent;  // of two
};

[[nodiscard]] std::span<const UnitAtom> UnitAtoms();
[[nodiscard]] std::span<const UnitPrefix> UnitPrefixes();

}  // namespace plumbline::cql
