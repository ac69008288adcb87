#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "engine/rule/row.h"

namespace {

using namespace plumbline;
using rule::Row;
using rule::RowList;

// Ids whose marks (their upper sixteen bits) are few, so that most of what looks alike is something else.
Row RowWith(std::mt19937_64& random) {
  Row row;
  row.time = static_cast<rule::TimeMs>(random() % 50);
  row.id = {random() % 3, (random() % 4) << 48 | random() % 40};
  row.version = static_cast<std::uint32_t>(random() % 3 + 1);
  return row;
}

TEST_CASE("rows are kept in order and found by id like in a plain list, also among ids that look alike", "[rows]") {
  constexpr std::uint64_t kSeed = 20261125;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 50; ++round) {
    BlockPool pool;
    RowList rows(&pool);
    std::vector<Row> plain;
    for (int step = 0; step < 300; ++step) {
      if (random() % 40 == 0) {
        const auto from = static_cast<rule::TimeMs>(random() % 30);
        const auto odd = random() % 2 == 0;
        const auto keep = [&](const Row& r) { return r.time >= from || (odd && r.id.lo % 2 == 1); };
        const std::size_t before = plain.size();
        std::erase_if(plain, [&](const Row& r) { return !keep(r); });
        REQUIRE(rows.Prune(keep) == before - plain.size());
      } else {
        const Row row = RowWith(random);
        const auto at = std::upper_bound(plain.begin(), plain.end(), row, rule::CanonicalLess);
        REQUIRE(rows.Insert(row) == static_cast<std::size_t>(at - plain.begin()));
        plain.insert(at, row);
      }
      REQUIRE(rows.size() == plain.size());
      const Hash128 wanted = RowWith(random).id;
      const std::size_t from = plain.empty() ? 0 : random() % plain.size();
      const auto found = std::find_if(plain.begin() + static_cast<std::ptrdiff_t>(from), plain.end(),
                                      [&](const Row& r) { return r.id == wanted; });
      REQUIRE(rows.FindId(wanted, from) == static_cast<std::size_t>(found - plain.begin()));
    }
    for (std::size_t i = 0; i < plain.size(); ++i) REQUIRE(rows[i].id == plain[i].id);
  }
}

}  // namespace
