#include "engine/run/early_rows.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

using namespace plumbline;
using namespace plumbline::run;

TEST_CASE("early rows come out once each, as they were put in, whatever the order of putting and taking") {
  EarlyRows rows;
  constexpr std::uint64_t kSeed = 20261130;
  CAPTURE(kSeed);
  std::mt19937_64 random(kSeed);
  std::map<std::string, std::string> put, taken;
  const auto take = [&](std::size_t most) {
    const std::size_t bytes =
        rows.Take(most, [&](std::string_view key, std::string_view value) { CHECK(taken.emplace(key, value).second); });
    CHECK((bytes > 0 || rows.empty()));
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "k" + std::to_string(i);
    std::string value(random() % 50 == 0 ? random() % 400'000 : random() % 300, static_cast<char>('a' + i % 26));
    value += key;
    rows.Add(key, [&value](std::string& out) { out += value; });
    put.emplace(key, std::move(value));
    if (random() % 7 == 0) take(1 + random() % 20'000);
    if (random() % 1000 == 0) {
      while (!rows.empty()) take(10'000);
      CHECK(taken == put);
    }
  }
  while (!rows.empty()) take(1'000'000);
  CHECK((taken == put));
}
