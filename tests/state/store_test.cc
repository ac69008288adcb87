#include "engine/state/store.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/state/faulty_rocks.h"
#include "tests/state/temporary_folder.h"

using namespace plumbline;
using namespace plumbline::state;

namespace {

using Rows = std::map<std::string, std::string>;

std::unique_ptr<Store> OpenStore(const std::string& path, rocksdb::Env* environment = nullptr) {
  auto store = Store::Open({.path = path, .memory_bytes = 16u << 20, .environment = environment});
  INFO((store ? "" : store.error().Text()));
  REQUIRE(store);
  return std::move(*store);
}

Rows LoadAll(Store& store, std::uint32_t partition, std::uint64_t sealed) {
  Rows rows;
  REQUIRE(
      store.Load(partition, sealed, [&](std::string_view key, std::string_view value, std::uint64_t checkpoint) -> Result<void> {
        rows[std::string(key)] = std::string(value) + "@" + std::to_string(checkpoint);
        return {};
      }));
  return rows;
}

Manifest ManifestOf(std::uint32_t partition, std::uint64_t checkpoint) {
  Manifest manifest;
  manifest.partition = partition;
  manifest.checkpoint = checkpoint;
  return manifest;
}

Result<void> Write(Store& store, std::uint32_t partition, std::uint64_t checkpoint, const Rows& rows,
                   std::uint64_t outdated = 0) {
  std::vector<Store::Row> slice;
  for (const auto& [key, value] : rows) slice.push_back({key, value, outdated});
  return store.WriteSlice(partition, checkpoint, slice);
}

// A store on a disk that loses at a kill what was not synced.
struct Disk {
  explicit Disk(std::uint64_t seed) : files(std::make_shared<FaultyRocks>(seed, kill_switch)) {}
  [[nodiscard]] std::unique_ptr<Store> Open() const { return OpenStore(folder.path(), environment.get()); }
  void Restart() const {
    files->LoseUnsynced();
    kill_switch->Revive();
  }
  TemporaryFolder folder;
  std::shared_ptr<KillSwitch> kill_switch = std::make_shared<KillSwitch>();
  std::shared_ptr<FaultyRocks> files;
  std::unique_ptr<rocksdb::Env> environment = rocksdb::NewCompositeEnv(files);
};

}  // namespace

TEST_CASE("journal entries are found by number, per partition, with first and last") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  CHECK(*store->LastEntry(0) == 0);
  const Store::Entry entries[] = {{0, 1, "one"}, {0, 2, "two"}, {1, 1, "other"}, {300, 1, "far"}};
  REQUIRE(store->CommitEntries(entries));
  for (int round = 0; round < 2; ++round) {
    CHECK(*store->LastEntry(0) == 2);
    CHECK(*store->LastEntry(1) == 1);
    CHECK(*store->LastEntry(2) == 0);
    CHECK(*store->LastEntry(300) == 1);
    CHECK(*store->FirstEntry(0) == 1);
    CHECK(**store->ReadEntry(0, 2) == "two");
    CHECK_FALSE(store->ReadEntry(0, 3)->has_value());
    store.reset();
    store = OpenStore(folder.path());
  }
}

TEST_CASE("pruning removes entries below the number, but none that the checkpoint does not cover") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  for (std::uint64_t n = 1; n <= 10; ++n) {
    const Store::Entry entry{0, n, "x"};
    REQUIRE(store->CommitEntries({&entry, 1}));
  }
  REQUIRE(store->PruneEntries(0, 8));
  CHECK(*store->FirstEntry(0) == 1);
  auto manifest = ManifestOf(0, 1);
  manifest.cut_entry = 6;
  REQUIRE(store->Seal(manifest));
  REQUIRE(store->PruneEntries(0, 8));
  CHECK(*store->FirstEntry(0) == 6);
}

TEST_CASE("rows count only once their manifest is sealed, and stand above those that they replace") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  REQUIRE(Write(*store, 0, 1, {{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  REQUIRE(store->Seal(ManifestOf(0, 1)));
  const Rows first{{"a", "1@1"}, {"b", "2@1"}, {"c", "3@1"}};
  CHECK(LoadAll(*store, 0, 1) == first);

  REQUIRE(Write(*store, 0, 2, {{"a", "9"}, {"b", ""}, {"d", "4"}}));
  REQUIRE(store->Seal(ManifestOf(0, 2)));
  const Rows second{{"a", "9@2"}, {"c", "3@1"}, {"d", "4@2"}};
  for (int round = 0; round < 2; ++round) {
    CHECK(LoadAll(*store, 0, 2) == second);
    CHECK(LoadAll(*store, 1, 2).empty());
    store.reset();
    store = OpenStore(folder.path());
  }
  // The row that was gone comes back; what the last sealed checkpoint had replaced goes with the writing of a row.
  REQUIRE(Write(*store, 0, 3, {{"b", "7"}}));
  REQUIRE(store->Seal(ManifestOf(0, 3)));
  REQUIRE(Write(*store, 0, 4, {{"a", "10"}}, 1));
  REQUIRE(store->Seal(ManifestOf(0, 4)));
  CHECK(LoadAll(*store, 0, 4) == Rows{{"a", "10@4"}, {"b", "7@3"}, {"c", "3@1"}, {"d", "4@2"}});
}

TEST_CASE("keys that begin alike, and of other partitions, are told apart") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  const std::string low("a\xff\xff\xff\xff\xff\xff\xff\xfe", 9), high(8, '\xff');
  REQUIRE(Write(*store, 0, 1, {{"a", "1"}, {low, "2"}, {"a" + high, "3"}, {"ab", "4"}, {std::string("a\0", 2), "5"}}));
  REQUIRE(Write(*store, 1, 1, {{"a", "6"}}));
  REQUIRE(Write(*store, 0, 2, {{"a", "7"}, {"ab", "8"}}));
  CHECK(LoadAll(*store, 0, 2) ==
        Rows{{"a", "7@2"}, {low, "2@1"}, {"a" + high, "3@1"}, {"ab", "8@2"}, {std::string("a\0", 2), "5@1"}});
  CHECK(LoadAll(*store, 1, 2) == Rows{{"a", "6@1"}});
}

TEST_CASE("rows of a checkpoint that was never sealed are removed at the start") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  REQUIRE(Write(*store, 0, 1, {{"a", "1"}}));
  REQUIRE(store->Seal(ManifestOf(0, 1)));
  REQUIRE(Write(*store, 0, 2, {{"a", "2"}, {"z", "9"}}));
  store.reset();
  store = OpenStore(folder.path());
  const auto manifest = store->ReadManifest(0);
  REQUIRE(manifest);
  REQUIRE((*manifest)->checkpoint == 1);
  CHECK(LoadAll(*store, 0, 1) == Rows{{"a", "1@1"}});
  // Another checkpoint of the same number, of other rows.
  REQUIRE(Write(*store, 0, 2, {{"b", "2"}}));
  REQUIRE(store->Seal(ManifestOf(0, 2)));
  CHECK(LoadAll(*store, 0, 2) == Rows{{"a", "1@1"}, {"b", "2@2"}});
}

// Outdated versions are removed ten thousand at a time; one that a row's end had replaced must not be what is left of the row.
TEST_CASE("a start killed while it removes many rows that are gone brings none of them back") {
  for (std::uint64_t kill_at = 1; kill_at <= 12; ++kill_at) {
    const Disk disk(kill_at);
    {
      auto store = disk.Open();
      Rows rows, gone;
      for (int i = 0; i < 11'000; ++i) rows["k" + std::to_string(100'000 + i)] = "1";
      for (const auto& row : rows) gone[row.first] = "";
      rows["a"] = "stays";
      REQUIRE(Write(*store, 0, 1, rows));
      REQUIRE(Write(*store, 0, 2, gone));
      REQUIRE(store->Seal(ManifestOf(0, 2)));
      REQUIRE(Write(*store, 0, 3, {{"b", "never sealed"}}));
      disk.kill_switch->KillAtChange(kill_at);
      (void)store->Load(0, 2, [](std::string_view, std::string_view, std::uint64_t) -> Result<void> { return {}; });
      disk.kill_switch->Kill();
    }
    disk.Restart();
    CAPTURE(kill_at);
    CHECK(LoadAll(*disk.Open(), 0, 2) == Rows{{"a", "stays@1"}});
  }
}

TEST_CASE("versions of rows are looked up in one go, and nothing where one is gone or was removed") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  REQUIRE(Write(*store, 0, 1, {{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  REQUIRE(Write(*store, 0, 2, {{"a", "9"}, {"b", ""}}));
  const RowVersion removed{"a", 1};
  REQUIRE(store->RemoveVersions(0, {&removed, 1}));
  const std::vector<RowVersion> versions{{"a", 2}, {"b", 2}, {"b", 1}, {"c", 1}, {"d", 1}, {"a", 1}};
  const auto found = store->Lookup(0, versions);
  REQUIRE(found);
  CHECK((*found)[0] == "9");
  CHECK_FALSE((*found)[1].has_value());
  CHECK((*found)[2] == "2");
  CHECK((*found)[3] == "3");
  CHECK_FALSE((*found)[4].has_value());
  CHECK_FALSE((*found)[5].has_value());
}

TEST_CASE("artefacts are kept under their digest, notes under their name") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  const auto digest = store->PutArtefact("a pack");
  REQUIRE(digest);
  CHECK(*digest == Sha256Of("a pack"));
  CHECK(**store->GetArtefact(*digest) == "a pack");
  CHECK_FALSE(store->GetArtefact(Sha256Of("another"))->has_value());
  REQUIRE(store->PutNote("topic/0", "abc"));
  CHECK(**store->GetNote("topic/0") == "abc");
}

TEST_CASE("a store that another holds, or that cannot be made, says so") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  const auto second = Store::Open({.path = folder.path(), .memory_bytes = 16u << 20, .environment = nullptr});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kUnavailable);
  const auto nowhere = Store::Open({.path = "/proc/nowhere", .memory_bytes = 16u << 20, .environment = nullptr});
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("/proc/nowhere") != std::string::npos);
}

TEST_CASE("after a kill at any change the store holds every committed entry and a whole checkpoint") {
  for (std::uint64_t kill_at = 1; kill_at <= 120; ++kill_at) {
    const Disk disk(kill_at);
    std::uint64_t committed = 0, sealed = 0, sealing = 0;
    {
      auto store = disk.Open();
      disk.kill_switch->KillAtChange(kill_at);
      for (std::uint64_t n = 1; n <= 200 && !disk.kill_switch->dead(); ++n) {
        const Store::Entry entry{0, n, "entry"};
        if (!store->CommitEntries({&entry, 1})) break;
        committed = n;
        if (n % 5 != 0) continue;
        sealing = n / 5;
        const std::string number = std::to_string(sealing);
        if (!Write(*store, 0, sealing, {{"x", number}}, sealing > 2 ? sealing - 2 : 0) ||
            !Write(*store, 0, sealing, {{"y" + number, "1"}}) || !store->Seal(ManifestOf(0, sealing)))
          break;
        sealed = sealing;
      }
      disk.kill_switch->Kill();
    }
    disk.Restart();
    auto store = disk.Open();
    INFO("kill at change " << kill_at << ", committed " << committed << ", sealed " << sealed);
    const auto last = store->LastEntry(0);
    REQUIRE(last);
    CHECK(*last >= committed);
    const auto manifest = store->ReadManifest(0);
    REQUIRE(manifest);
    const std::uint64_t found = *manifest ? (*manifest)->checkpoint : 0;
    CHECK((found == sealed || found == sealing));
    Rows wanted;
    for (std::uint64_t c = 1; c <= found; ++c) wanted["y" + std::to_string(c)] = "1@" + std::to_string(c);
    if (found > 0) wanted["x"] = std::to_string(found) + "@" + std::to_string(found);
    CHECK(LoadAll(*store, 0, found) == wanted);
  }
}
