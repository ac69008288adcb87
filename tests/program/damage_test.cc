// What the engine rests on, damaged: inputs, journal, checkpoint, output logs. Each is told with the place and exit code 3, and
// nothing is judged on it. BAD_INPUT.md lists them.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/state/store.h"
#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

constexpr int kIntegrity = 3;

void FlipByte(const std::string& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(file.seekg(static_cast<std::streamoff>(at)));
  const int byte = file.get();
  REQUIRE(file.seekp(static_cast<std::streamoff>(at)));
  file.put(static_cast<char>(byte ^ 1));
  REQUIRE(file.flush());
}

std::string OnlySegment(const Installation& site, const std::string& topic, std::uint32_t partition) {
  for (const auto& file : std::filesystem::directory_iterator(site.Path("log/" + topic + "/" + std::to_string(partition))))
    if (file.path().extension() == ".seg") return file.path().string();
  FAIL("no segment");
  return {};
}

// Forty patients, some of them low; run to the end.
void Fill(const Installation& site, int from = 0, int to = 120) { site.AppendValues(from, to); }

test::Output Continue(const Installation& site) {
  return site.Run({"run", "--config", site.config(), "--import", "--until-end", "--quiet", "--json"});
}

std::unique_ptr<state::Store> OpenStore(const Installation& site) {
  return Need(state::Store::Open({.path = site.Path("state/patients"), .memory_bytes = 8u << 20, .environment = nullptr}));
}

// The place of the first record's value that holds `text`.
std::uint64_t PlaceOf(const std::string& path, std::string_view text) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::size_t at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  return at;
}

// Writes partition 0 of the device topic anew with one byte of one value changed: a whole log, checksums and all.
void RewriteWithOneByteChanged(const Installation& site) {
  struct Copy {
    std::int64_t time_ms;
    std::string key, value;
  };
  std::vector<Copy> copies[Installation::kPartitions];
  {
    io::LocalLogSource source(io::PosixFileSystem(), site.Path("log"), {kTopics[0]});
    for (std::uint32_t p = 0; p < Installation::kPartitions; ++p)
      for (auto records = Need(source.Poll({0, p}, 100)); !records.empty(); records = Need(source.Poll({0, p}, 100)))
        for (const io::Record& r : records)
          copies[p].push_back({r.timestamp_ms, std::string(AsText(r.key)), std::string(AsText(r.value))});
  }
  const std::string meta_path = site.Path(std::string("log/") + kTopics[0] + "/topic.txt");
  std::ifstream in(meta_path);
  const std::string meta{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::filesystem::remove_all(site.Path(std::string("log/") + kTopics[0]));
  REQUIRE(copies[0].size() > 10);
  std::string& spoilt = copies[0][7].value;
  const std::size_t at = spoilt.find("north");
  REQUIRE(at != std::string::npos);
  spoilt[at] = 'N';
  std::vector<Installation::RecordIn> records;
  for (std::uint32_t p = 0; p < Installation::kPartitions; ++p)
    for (const Copy& copy : copies[p]) records.push_back({p, copy.time_ms, copy.key, copy.value});
  site.AppendAll(0, records, model::kFlatBuffersContentType);
  std::ofstream(meta_path) << meta;  // the same identity: whoever changed the byte knew how
}

}  // namespace

TEST_CASE("a damaged log entry is named by file and byte, and its partition stops while nothing is judged on it") {
  const Installation site;
  Fill(site);
  const std::string segment = OnlySegment(site, kTopics[0], 0);
  const std::uint64_t place = PlaceOf(segment, "north");
  FlipByte(segment, place);
  const auto ran = site.Import();
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text, Catch::Contains("PL1201") && Catch::Contains(segment) &&
                           Catch::Contains("is damaged; restore this file from a copy"));
  FlipByte(segment, place);
  const auto mended = site.Import();
  INFO(mended.text);
  CHECK(mended.exit_code == 0);
  CHECK_THAT(mended.text, Catch::Contains("\"accepted\":120,"));
}

TEST_CASE("a journalled input of which one byte is another stops the replay with its entry named") {
  const Installation site;
  Fill(site);
  REQUIRE(site.Import().exit_code == 0);
  const auto before = site.Run({"replay", "--config", site.config(), "--import"});
  INFO(before.text);
  REQUIRE(before.exit_code == 0);
  RewriteWithOneByteChanged(site);
  const auto after = site.Run({"replay", "--config", site.config(), "--import"});
  INFO(after.text);
  CHECK(after.exit_code == kIntegrity);
  CHECK_THAT(after.text, Catch::Contains("PL1201: partition 0 entry 1: topic plumbline.device.v1: an input of offsets 0 to") &&
                             Catch::Contains("is not what it was"));
}

TEST_CASE("a journalled input of which one byte is another stops the restart with its entry named") {
  const Installation site;
  Fill(site);
  // Killed before any checkpoint: the restart reruns the journal.
  REQUIRE(site.Import({"PLUMBLINE_FAILPOINTS=checkpoint.slice:1:kill"}).exit_code == -9);
  RewriteWithOneByteChanged(site);
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text, Catch::Contains("PL1201: partition 0 entry 1:") && Catch::Contains("is not what it was"));
}

TEST_CASE("a log that was made anew with other records is noticed at the start, though nothing is to be rerun") {
  const Installation site;
  Fill(site);
  REQUIRE(site.Import().exit_code == 0);
  std::filesystem::remove_all(site.Path(std::string("log/") + kTopics[0]));
  Fill(site, 200, 500);
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text, Catch::Contains("PL1202") && Catch::Contains("plumbline.device.v1") && Catch::Contains("made anew"));
}

TEST_CASE("an input before the last checkpoint that is not what was judged is noticed at the start") {
  const Installation site;
  Fill(site);
  REQUIRE(Continue(site).exit_code == 0);
  RewriteWithOneByteChanged(site);
  Fill(site, 120, 130);
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text,
             Catch::Contains("PL1201: partition 0 entry 1: topic plumbline.device.v1") && Catch::Contains("is not what it was"));
}

TEST_CASE("a damaged journal entry stops its partition with the entry named") {
  const Installation site;
  Fill(site);
  REQUIRE(site.Import({"PLUMBLINE_FAILPOINTS=checkpoint.slice:1:kill"}).exit_code == -9);
  {
    const auto store = OpenStore(site);
    std::string entry = Need(store->ReadEntry(0, 1)).value();
    entry.back() = static_cast<char>(entry.back() ^ 1);  // of the digest of its effects
    const state::Store::Entry spoilt{0, 1, entry};
    Need(store->CommitEntries({&spoilt, 1}));
  }
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text, Catch::Contains("PL1201: partition 0 entry 1"));
}

TEST_CASE("a missing journal entry stops its partition with the entry named") {
  const Installation site;
  Fill(site);
  REQUIRE(site.Import().exit_code == 0);
  {
    const auto store = OpenStore(site);
    const auto last = Need(store->LastEntry(1));
    const std::string bytes = Need(store->ReadEntry(1, last)).value();
    const state::Store::Entry beyond{1, last + 2, bytes};
    Need(store->CommitEntries({&beyond, 1}));
  }
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text, Catch::Contains("PL1201: partition 1 entry") && Catch::Contains("not in the journal"));
}

TEST_CASE("a damaged checkpoint is refused, and the whole journal can be rerun in its place") {
  const Installation site;
  Fill(site);
  REQUIRE(Continue(site).exit_code == 0);
  const auto alerts = site.ReadLog("plumbline.out.alerts");
  {
    const auto store = OpenStore(site);
    const auto manifest = Need(store->ReadManifest(0)).value();
    const state::Store::Row row{"a row too many", "x"};
    Need(store->WriteSlice(0, manifest.checkpoint, {&row, 1}));
  }
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text,
             Catch::Contains("PL1201: partition 0 checkpoint") && Catch::Contains("restore the state folder from a copy, or"));
  const auto anew = site.Run({"run", "--config", site.config(), "--import", "--until-end", "--quiet", "--ignore-checkpoint"});
  INFO(anew.text);
  CHECK(anew.exit_code == 0);
  CHECK(Continue(site).exit_code == 0);
  CHECK(site.ReadLog("plumbline.out.alerts").size() == alerts.size());
}

TEST_CASE("an output log ahead of the journal is noticed: two histories were mixed") {
  const Installation site;
  Fill(site);
  REQUIRE(site.Import().exit_code == 0);
  std::filesystem::remove_all(site.Path("state/patients"));
  const auto ran = Continue(site);
  INFO(ran.text);
  CHECK(ran.exit_code == kIntegrity);
  CHECK_THAT(ran.text, Catch::Contains("PL1201") && Catch::Contains("log holds effects of entry") &&
                           Catch::Contains("restore both from one copy"));
}

}  // namespace plumbline::program
