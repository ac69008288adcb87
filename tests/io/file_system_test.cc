#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "engine/base/hash.h"
#include "engine/io/file_system.h"

using namespace plumbline;
using namespace plumbline::io;

namespace {

struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "plumbline-io-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("the operating system's files append, read, shorten, rename, list and lock as the contract says") {
  TemporaryFolder folder;
  auto& files = PosixFileSystem();
  const std::string sub = folder.path + "/a/b";
  REQUIRE(files.CreateDirectories(sub));
  REQUIRE(files.CreateDirectories(sub));
  {
    const auto file = files.OpenAppend(sub + "/x");
    REQUIRE(file);
    REQUIRE((*file)->Append(AsBytes("hello ")));
    REQUIRE((*file)->Append(AsBytes("world")));
    REQUIRE((*file)->Sync());
    CHECK((*file)->Size() == 11);
  }
  CHECK((*files.OpenAppend(sub + "/x"))->Size() == 11);
  REQUIRE(files.Truncate(sub + "/x", 5));
  CHECK(*ReadWholeFile(files, sub + "/x", 100) == "hello");
  CHECK(ReadWholeFile(files, sub + "/x", 4).error().code == ErrorCode::kLimit);
  REQUIRE(files.Rename(sub + "/x", sub + "/y"));
  REQUIRE(files.SyncDirectory(sub));
  CHECK(*files.List(sub) == std::vector<std::string>{"y"});
  CHECK(files.OpenRead(sub + "/x").error().code == ErrorCode::kNotFound);
  {
    const auto lock = files.Lock(sub + "/lock");
    REQUIRE(lock);
    CHECK(files.Lock(sub + "/lock").error().code == ErrorCode::kUnavailable);
  }
  CHECK(files.Lock(sub + "/lock"));
}

TEST_CASE("replacing a file leaves the new bytes and no leftover") {
  TemporaryFolder folder;
  auto& files = PosixFileSystem();
  REQUIRE(ReplaceFile(files, folder.path, "meta", AsBytes("one")));
  REQUIRE(ReplaceFile(files, folder.path, "meta", AsBytes("two")));
  CHECK(*ReadWholeFile(files, folder.path + "/meta", 100) == "two");
  CHECK(*files.List(folder.path) == std::vector<std::string>{"meta"});
}

TEST_CASE("a folder that cannot be made says which and why") {
  TemporaryFolder folder;
  auto& files = PosixFileSystem();
  REQUIRE(ReplaceFile(files, folder.path, "file", AsBytes("x")));
  const auto made = files.CreateDirectories(folder.path + "/file/sub");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::kIo);
  CHECK(made.error().message.find(folder.path + "/file") != std::string::npos);
}
