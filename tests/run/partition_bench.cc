// What an ordinary event costs the partition machine: no I/O, no decoding. One device value a patient and minute of event time,
// 2 % of them late by up to ten minutes, 18 checks over as many codes and two pathways; fails in about one value of a hundred.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/run/partition.h"
#include "rules/kinds/check.h"
#include "rules/kinds/pathway.h"

namespace plumbline {
namespace {

constexpr int kCodes = 18;

class OneCode final : public rule::CodeSet {
 public:
  explicit OneCode(std::string code) : code_(std::move(code)) {}
  bool Contains(std::string_view, std::string_view code) const override { return code == code_; }

 private:
  std::string code_;
};

class AtLeast final : public rule::Condition {
 public:
  rule::Tri Test(const rule::Sight&, const rule::Row* row, const rule::Row*) const override {
    return row->value >= 60 * Decimal::kUnit ? rule::Tri::kTrue : rule::Tri::kFalse;
  }
};

std::shared_ptr<const rule::RuleSet> TwentyRules() {
  auto set = std::make_shared<rule::RuleSet>();
  for (int c = 0; c < kCodes; ++c) {
    rules::CheckOptions o;
    o.must = std::make_shared<AtLeast>();
    o.count = 2;
    rule::Rule r;
    r.id = "check-" + std::to_string(c);
    r.kind = rules::MakeCheck(o);
    r.selectors.push_back(
        {model::EventKind::kDevice, std::make_shared<OneCode>("c" + std::to_string(c)), rule::kTriggerRole, false});
    set->rules.push_back(std::move(r));
  }
  for (int p = 0; p < 2; ++p) {
    rules::PathwayOptions o;
    o.steps.push_back({"answer", false, 3'600'000, 0, -1, nullptr});
    rule::Rule r;
    r.id = "pathway-" + std::to_string(p);
    r.kind = rules::MakePathway(o);
    r.selectors.push_back({model::EventKind::kDiagnosis, std::make_shared<OneCode>("shock"), rule::kTriggerRole, false});
    r.selectors.push_back(
        {model::EventKind::kConsultation, std::make_shared<OneCode>("antimicrobial"), rule::kFirstStepRole, false});
    set->rules.push_back(std::move(r));
  }
  return set;
}

void OrdinaryEvent(benchmark::State& state) {
  const auto patients = static_cast<std::size_t>(state.range(0));
  run::PartitionOptions options;
  options.input_topics = 1;
  run::Partition partition(options, TwentyRules());
  std::vector<std::string> names, codes, ids(patients);
  for (std::size_t p = 0; p < patients; ++p) names.push_back("patient-" + std::to_string(p));
  for (int c = 0; c < kCodes; ++c) codes.push_back("c" + std::to_string(c));
  std::mt19937_64 rng(1);
  std::vector<std::uint32_t> random(1 << 16);
  for (auto& r : random) r = static_cast<std::uint32_t>(rng());
  std::size_t n = 0;
  model::Event e;
  e.has_quantity = true;
  e.quantity.unit = "1";
  e.site = "site-1";
  e.source = "monitors";
  char id[32];
  for (auto _ : state) {
    const std::size_t p = n % patients;
    const std::uint32_t r = random[n & 0xffff];
    const std::int64_t minute = static_cast<std::int64_t>(n / patients) + 1000;
    const std::int64_t now = minute * 60'000 + static_cast<std::int64_t>(p * 60'000 / patients);
    e.time = now - (r % 50 == 0 ? static_cast<std::int64_t>(r >> 8) % 600'000 : 0);
    std::snprintf(id, sizeof id, "%016zx", n);
    e.id = {id, 16};
    e.content = {n, n * 0x9E3779B97F4A7C15ULL};
    e.patient = names[p];
    e.code = {"http://loinc.org", codes[(p + static_cast<std::size_t>(minute)) % kCodes], {}};
    e.quantity.value = Decimal::FromInteger((r >> 16) % 100 == 0 ? 50 : 80);
    partition.TakeEvent(0, now, e, {});
    if (++n % 500 == 0) partition.Finish();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["rows"] = static_cast<double>(partition.counts().accepted);
}

BENCHMARK(OrdinaryEvent)->Arg(10'000)->Iterations(4'000'000)->Unit(benchmark::kNanosecond);
BENCHMARK(OrdinaryEvent)->Arg(1'000'000)->Iterations(24'000'000)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace plumbline
