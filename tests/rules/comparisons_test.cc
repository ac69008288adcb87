#include "rules/pack/comparisons.h"

#include <catch2/catch.hpp>
#include <random>

#include "engine/model/iso_time.h"
#include "engine/rule/vocabulary.h"

using namespace plumbline;
using rules::Alias;
using rules::Bound;

namespace {

// Says that it was asked, so that a test sees what the chain leaves to it.
class Asked final : public rule::Condition {
 public:
  rule::Tri Test(const rule::Sight&, const rule::Row*, const rule::Row*) const override {
    ++times;
    return rule::Tri::kUnknown;
  }
  mutable int times = 0;
};

const std::vector<Alias> kAliases = {{"N", "Device", Bound::kRow}, {"H", "Device", Bound::kTrigger}};

std::shared_ptr<const rule::Condition> Compile(const std::string& text) {
  config::Diagnostics diagnostics("test", text);
  const auto compiled =
      rules::CompileCondition({nullptr, 0, text}, kAliases, {}, std::make_shared<rules::ValueSets>(), diagnostics);
  INFO(text << "\n" << diagnostics.Render());
  REQUIRE(compiled.condition != nullptr);
  return compiled.condition;
}

std::string Pick(std::mt19937_64& rng, std::initializer_list<const char*> of) { return *(of.begin() + rng() % of.size()); }

std::string Comparison(std::mt19937_64& rng) {
  const std::string op = " " + Pick(rng, {"<", "<=", ">", ">="}) + " ";
  const std::string alias = Pick(rng, {"N", "H"});
  if (rng() % 2 == 0)
    return alias + ".value" + op + Pick(rng, {"64", "65", "65.5", "-1"}) + " " + Pick(rng, {"'%'", "'mm[Hg]'", "'kPa'"});
  const std::string shift =
      Pick(rng, {"", " + 5 minutes", " - 5 minutes", " + 1 hour", " + 300000 milliseconds", " - 1 day", " + 1 week"});
  return alias + Pick(rng, {".time", ".arrival"}) + op + Pick(rng, {"N", "H"}) + Pick(rng, {".time", ".arrival"}) + shift;
}

rule::Row RandomRow(std::mt19937_64& rng, rule::Vocabulary& vocabulary) {
  rule::Row row;
  row.time = 1'767'225'600'000 + static_cast<std::int64_t>(rng() % 4) * 300'000;
  row.arrival = row.time + static_cast<std::int64_t>(rng() % 4) * 300'000;
  row.has_value = rng() % 8 != 0;
  if (row.has_value)
    row.value = (63 + static_cast<std::int64_t>(rng() % 4)) * Decimal::kUnit + (rng() % 2 == 0 ? Decimal::kUnit / 2 : 0);
  const std::string unit = Pick(rng, {"%", "mm[Hg]", "kPa"});
  if (row.has_value) row.unit = static_cast<std::uint16_t>(vocabulary.Intern(unit));
  row.code = vocabulary.InternCode("http://loinc.org", "8867-4");
  return row;
}

}  // namespace

TEST_CASE("a chain of comparisons answers as the compiled expression does", "[comparisons]") {
  const std::uint64_t seed = 20261125;
  INFO("seed " << seed);
  std::mt19937_64 rng(seed);
  for (int i = 0; i < 300; ++i) {
    std::string text = Comparison(rng);
    const std::string joint = Pick(rng, {" and ", " or "});
    for (std::size_t more = rng() % 3; more > 0; --more) text += joint + Comparison(rng);
    const auto chain = Compile(text);
    const auto general = Compile("(" + text + ")");  // the parentheses keep it general
    rule::Vocabulary vocabulary;
    for (int k = 0; k < 30; ++k) {
      rule::RowList rows;
      const rule::Row a = RandomRow(rng, vocabulary), b = RandomRow(rng, vocabulary);
      const rule::SubjectRows subject{&rows, {}, &vocabulary};
      const rule::Sight sight{&subject, a.time, rule::kForever, 0};
      INFO(text << " of value " << a.value << " time " << a.time << " arrival " << a.arrival << ", trigger " << b.value << " "
                << b.time << " " << b.arrival);
      REQUIRE(chain->Test(sight, &a, &b) == general->Test(sight, &a, &b));
    }
  }
}

TEST_CASE("what a chain cannot answer plainly is left to the compiled expression", "[comparisons]") {
  const auto asked = std::make_shared<Asked>();
  rule::Vocabulary vocabulary;
  rule::RowList rows;
  const rule::SubjectRows subject{&rows, {}, &vocabulary};
  rule::Row row;
  row.has_value = true;
  row.value = 70 * Decimal::kUnit;
  row.unit = static_cast<std::uint16_t>(vocabulary.Intern("kPa"));
  const rule::Sight sight{&subject, 0, rule::kForever, 0};
  const auto ask = [&](const char* text) {
    asked->times = 0;
    const rule::Tri answer = rules::Specialise(text, kAliases, asked)->Test(sight, &row, nullptr);
    return std::pair(answer, asked->times);
  };
  CHECK(ask("N.value < 65 'kPa'") == std::pair(rule::Tri::kFalse, 0));
  CHECK(ask("N.value < 65 'mm[Hg]'") == std::pair(rule::Tri::kUnknown, 1));  // another unit
  CHECK(ask("N.value < 80 'kPa' or N.value < 65 'mm[Hg]'") == std::pair(rule::Tri::kTrue, 0));
  CHECK(ask("N.time < H.time") == std::pair(rule::Tri::kUnknown, 1));  // no trigger
  row.time = model::kMaxTime;
  CHECK(ask("N.arrival < N.time + 1 day") == std::pair(rule::Tri::kUnknown, 1));  // beyond the calendar
}

TEST_CASE("texts that are no chain stay as they were compiled", "[comparisons]") {
  const std::shared_ptr<const rule::Condition> asked = std::make_shared<Asked>();
  for (const char* text : {"N.value < 65", "N.value < 65 'kPa' and N.value > 1 'kPa' or N.value > 2 'kPa'",
                           "not N.value < 65 'kPa'", "N.time < H.time + 1 month", "N.time < H.time + 1.5 hours",
                           "X.time < N.time", "N.value < 65 'kPa' xor true", "N.time <H.value", "exists [Device]", ""}) {
    INFO(text);
    CHECK(rules::Specialise(text, kAliases, asked) == asked);
  }
}
