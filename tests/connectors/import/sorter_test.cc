#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/import/sorter.h"
#include "engine/base/hash.h"
#include "tests/support/process.h"

namespace plumbline::importer {
namespace {

struct Given {
  std::int64_t arrival;
  std::uint64_t sequence;
  std::size_t entered;
  std::string key, value;
};

std::vector<Given> Random(std::uint64_t seed, std::size_t n) {
  std::mt19937_64 random(seed);
  std::vector<Given> given;
  for (std::size_t i = 0; i < n; ++i) {
    given.push_back({static_cast<std::int64_t>(random() % 50) - 25, random() % 4, i, "k" + std::to_string(i),
                     std::string(random() % 40, 'v') + std::to_string(i)});
  }
  return given;
}

void RequireSorted(std::vector<Given> given, std::size_t memory, const std::string& folder, bool spills) {
  Sorter sorter(io::PosixFileSystem(), {folder, memory, 64});
  for (const Given& g : given) {
    sink::OutRecord record;
    record.stream = static_cast<model::EventKind>(1 + g.entered % 3);
    record.arrival_ms = g.arrival;
    record.key = g.key;
    record.value = g.value;
    REQUIRE(sorter.Add(record, g.sequence).has_value());
  }
  REQUIRE(sorter.Finish().has_value());
  REQUIRE((sorter.runs() > 1) == spills);
  std::sort(given.begin(), given.end(), [](const Given& a, const Given& b) {
    return std::tie(a.arrival, a.sequence, a.entered) < std::tie(b.arrival, b.sequence, b.entered);
  });
  sink::OutRecord record;
  for (const Given& g : given) {
    auto more = sorter.Next(record);
    REQUIRE(more.has_value());
    REQUIRE(*more);
    REQUIRE(record.arrival_ms == g.arrival);
    REQUIRE(record.key == g.key);
    REQUIRE(record.value == g.value);
    REQUIRE(record.stream == static_cast<model::EventKind>(1 + g.entered % 3));
  }
  REQUIRE_FALSE(*sorter.Next(record));
  REQUIRE_FALSE(*sorter.Next(record));
}

TEST_CASE("records come back by arrival, sequence and entry, within memory and beyond it, and runs are removed") {
  test::TempFolder folder("sorter");
  const std::uint64_t seed = 11;
  INFO("seed " << seed);
  RequireSorted(Random(seed, 2000), 64U << 20, (folder / "a").string(), false);
  RequireSorted(Random(seed, 2000), 4000, (folder / "b").string(), true);
  RequireSorted({}, 4000, (folder / "c").string(), false);
  REQUIRE(std::filesystem::is_empty(folder / "b"));
  REQUIRE_FALSE(std::filesystem::exists(folder / "a"));
}

TEST_CASE("a run of an import that was killed is in nobody's way") {
  test::TempFolder folder("sorter");
  {
    auto left = io::PosixFileSystem().OpenAppend((folder / "run-0").string());
    REQUIRE(left.has_value());
    REQUIRE((*left)->Append(AsBytes("rubbish")).has_value());
  }
  RequireSorted(Random(3, 500), 2000, folder.path().string(), true);
}

TEST_CASE("a sort that has nowhere to write says so") {
  Sorter sorter(io::PosixFileSystem(), {"/proc/none", 100, 64});
  sink::OutRecord record;
  const std::string value(80, 'x');
  record.value = value;
  REQUIRE(sorter.Add(record, 1).has_value());
  const auto second = sorter.Add(record, 2);
  REQUIRE_FALSE(second.has_value());
  REQUIRE(second.error().message.find("/proc/none") != std::string::npos);
}

}  // namespace
}  // namespace plumbline::importer
