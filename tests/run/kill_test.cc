// Real processes, killed by SIGKILL at failpoints set through the environment, on real files. kill -9 keeps the page cache, so
// this proves the order of steps and the recovery of real files; what a missing sync would lose is crash_test.cc's matter.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "engine/base/failpoint.h"
#include "tests/run/site.h"

using namespace plumbline;
using namespace plumbline::run;

namespace {

constexpr const char* kFolderVariable = "PLUMBLINE_TEST_CRASH_FOLDER";
const std::vector<std::string> kInputs = {"device", "consultation", "diagnosis"};

void WriteInputs(const std::string& folder) {
  ScriptedClock clock(1);
  std::mt19937_64 random(17);
  for (std::size_t t = 0; t < kInputs.size(); ++t) {
    auto topic = *io::LocalTopic::Open(io::PosixFileSystem(), folder + "/in", kInputs[t], clock,
                                       {.partitions = 2, .times = io::TopicTimes::kCreate, .writer = {}});
    for (int i = 0; i < 150; ++i) {
      REQUIRE(topic->AppendTo(static_cast<std::uint32_t>(random() % 2), 1000 + i * 40 + static_cast<std::int64_t>(random() % 50),
                              "p" + std::to_string(random() % 9), std::to_string(random() % 40)));
    }
    REQUIRE(topic->Sync());
  }
}

// Everything that is waiting, then the deadlines, then a graceful stop.
Result<void> RunChild(const std::string& folder) {
  auto& files = io::PosixFileSystem();
  ScriptedClock clock(50'000);
  clock.SetStepNs(1000);
  PLUMBLINE_ASSIGN(const auto store,
                   state::Store::Open({.path = folder + "/state", .memory_bytes = 8u << 20, .environment = nullptr}));
  PLUMBLINE_ASSIGN(const auto output,
                   io::LocalOutput::Open(files, folder + "/out", clock, {.partitions = 2, .topic_prefix = "", .writer = {}}));
  io::LocalLogSource source(files, folder + "/in", kInputs);
  const auto options = Site::DefaultOptions();
  WorkerMetrics metrics(options.partitions);
  Worker worker(
      *store, source, *output, clock, [](std::uint32_t) { return std::make_unique<ToyMachine>(Site::kTopics); }, options,
      metrics);
  PLUMBLINE_TRY(worker.Start());
  for (const bool ticks : {false, true}) {
    while (true) {
      PLUMBLINE_ASSIGN(const bool ran, worker.RunRound(ticks));
      if (!ran) break;
    }
  }
  return worker.Finish();
}

// Runs this program's hidden test case on the folder; the status as waitpid gives it.
int Spawn(const std::string& folder, const std::string& failpoints) {
  const std::string folder_text = std::string(kFolderVariable) + "=" + folder, points_text = "PLUMBLINE_FAILPOINTS=" + failpoints;
  std::string program = "/proc/self/exe", test = "the child of the kill test";
  std::array<char*, 3> arguments{program.data(), test.data(), nullptr};
  std::array<char*, 3> environment{const_cast<char*>(folder_text.c_str()), const_cast<char*>(points_text.c_str()), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
  pid_t pid = 0;
  const int spawned = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  REQUIRE(spawned == 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return status;
}

}  // namespace

TEST_CASE("the child of the kill test", "[.]") {
  const char* folder = std::getenv(kFolderVariable);
  if (folder == nullptr) return;
  REQUIRE(ArmFailpointsFromEnvironment());
  const auto ran = RunChild(folder);
  INFO((ran ? "" : ran.error().Text()));
  REQUIRE(ran);
}

TEST_CASE("processes killed by SIGKILL at failpoints leave files from which the next one ends the run as if nothing had been") {
  TemporaryFolder undisturbed;
  WriteInputs(undisturbed.path());
  const int whole = Spawn(undisturbed.path(), "");
  REQUIRE(WIFEXITED(whole));
  REQUIRE(WEXITSTATUS(whole) == 0);
  const auto wanted = Site::ReadOutputsOf(io::PosixFileSystem(), undisturbed.path() + "/out");
  CHECK(wanted.size() > 50);
  const char* points[] = {"journal.before_sync:9:kill",    "journal.after_sync:1:kill",    "journal.after_sync:20:kill",
                          "output.between:7:kill",         "output.after:13:kill",         "checkpoint.slice:5:kill",
                          "checkpoint.before_seal:2:kill", "checkpoint.after_seal:1:kill", "log.append:11:kill"};
  for (const char* point : points) {
    INFO(point);
    TemporaryFolder folder;
    WriteInputs(folder.path());
    const int killed = Spawn(folder.path(), point);
    CHECK(WIFSIGNALED(killed));
    CHECK(WTERMSIG(killed) == SIGKILL);
    const int again = Spawn(folder.path(), "");
    REQUIRE(WIFEXITED(again));
    CHECK(WEXITSTATUS(again) == 0);
    CHECK(Site::ReadOutputsOf(io::PosixFileSystem(), folder.path() + "/out") == wanted);
  }
}
