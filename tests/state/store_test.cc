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
  REQUIRE(store.Load(partition, sealed, [&](std::string_view key, std::string_view value) -> Result<void> {
    rows[std::string(key)] = value;
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

Result<void> Write(Store& store, std::uint32_t partition, std::uint64_t checkpoint, const Rows& rows) {
  std::vector<Store::Row> slice;
  for (const auto& [key, value] : rows) slice.push_back({key, value});
  return store.WriteSlice(partition, checkpoint, slice);
}

void FoldAll(Store& store, std::uint32_t partition, std::uint64_t checkpoint) {
  while (true) {
    const auto more = store.FoldSome(partition, checkpoint, 64);
    REQUIRE(more);
    if (!*more) return;
  }
}

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

TEST_CASE("slices count only once their manifest is sealed, and are the same state before, amid and after folding") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  const Rows first{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  REQUIRE(Write(*store, 0, 1, first));
  CHECK(LoadAll(*store, 0, 0).empty());
  REQUIRE(store->Seal(ManifestOf(0, 1)));
  CHECK(LoadAll(*store, 0, 1) == first);
  FoldAll(*store, 0, 1);
  CHECK(LoadAll(*store, 0, 1) == first);

  const Rows second{{"a", "9"}, {"b", ""}, {"d", "4"}};
  const Rows merged{{"a", "9"}, {"c", "3"}, {"d", "4"}};
  REQUIRE(Write(*store, 0, 2, second));
  CHECK(LoadAll(*store, 0, 1) == first);
  REQUIRE(store->Seal(ManifestOf(0, 2)));
  CHECK(LoadAll(*store, 0, 2) == merged);
  REQUIRE(*store->FoldSome(0, 2, 1));
  CHECK(LoadAll(*store, 0, 2) == merged);
  FoldAll(*store, 0, 2);
  CHECK(LoadAll(*store, 0, 2) == merged);
  CHECK(LoadAll(*store, 1, 1).empty());
}

TEST_CASE("slices of a checkpoint that was never sealed are dropped at the start") {
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
  REQUIRE(store->DropUnsealed(0, 1));
  CHECK(LoadAll(*store, 0, 1) == Rows{{"a", "1"}});
  FoldAll(*store, 0, 1);
  REQUIRE(Write(*store, 0, 2, {{"b", "2"}}));
  REQUIRE(store->Seal(ManifestOf(0, 2)));
  FoldAll(*store, 0, 2);
  CHECK(LoadAll(*store, 0, 2) == Rows{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("rows are looked up over sealed slices and the base in one go") {
  TemporaryFolder folder;
  auto store = OpenStore(folder.path());
  REQUIRE(Write(*store, 0, 1, {{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  REQUIRE(store->Seal(ManifestOf(0, 1)));
  FoldAll(*store, 0, 1);
  REQUIRE(Write(*store, 0, 2, {{"a", "9"}, {"b", ""}}));
  REQUIRE(store->Seal(ManifestOf(0, 2)));
  const std::vector<std::string> keys{"a", "b", "c", "d"};
  for (int round = 0; round < 2; ++round) {
    const auto found = store->Lookup(0, 2, keys);
    REQUIRE(found);
    CHECK((*found)[0] == "9");
    CHECK_FALSE((*found)[1].has_value());
    CHECK((*found)[2] == "3");
    CHECK_FALSE((*found)[3].has_value());
    FoldAll(*store, 0, 2);
  }
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
    TemporaryFolder folder;
    auto kill_switch = std::make_shared<KillSwitch>();
    auto files = std::make_shared<FaultyRocks>(kill_at, kill_switch);
    const auto environment = rocksdb::NewCompositeEnv(files);
    std::uint64_t committed = 0, sealed = 0, sealing = 0;
    {
      auto store = OpenStore(folder.path(), environment.get());
      kill_switch->KillAtChange(kill_at);
      for (std::uint64_t n = 1; n <= 200 && !kill_switch->dead(); ++n) {
        const Store::Entry entry{0, n, "entry"};
        if (!store->CommitEntries({&entry, 1})) break;
        committed = n;
        if (n % 5 != 0) continue;
        sealing = n / 5;
        const std::string number = std::to_string(sealing);
        if (!Write(*store, 0, sealing, {{"x", number}, {"y" + number, "1"}}) || !store->Seal(ManifestOf(0, sealing))) break;
        sealed = sealing;
        while (true) {
          const auto more = store->FoldSome(0, sealed, 1);
          if (!more || !*more) break;
        }
      }
      kill_switch->Kill();
    }
    files->LoseUnsynced();
    kill_switch->Revive();
    auto store = OpenStore(folder.path(), environment.get());
    INFO("kill at change " << kill_at << ", committed " << committed << ", sealed " << sealed);
    const auto last = store->LastEntry(0);
    REQUIRE(last);
    CHECK(*last >= committed);
    const auto manifest = store->ReadManifest(0);
    REQUIRE(manifest);
    const std::uint64_t found = *manifest ? (*manifest)->checkpoint : 0;
    CHECK((found == sealed || found == sealing));
    REQUIRE(store->DropUnsealed(0, found));
    Rows wanted;
    for (std::uint64_t c = 1; c <= found; ++c) wanted["y" + std::to_string(c)] = "1";
    if (found > 0) wanted["x"] = std::to_string(found);
    CHECK(LoadAll(*store, 0, found) == wanted);
  }
}
