// Real servers for tests: a child process with a log of its own, stopped by its own pid, a folder of its own and free ports on
// loopback. A child dies with the test program, also when that is killed. Used from the test program's main thread only (the
// kernel ties a child's life to the thread that started it).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::test {

// A folder below the system's temporary folder; removed with the object.
class TempFolder {
 public:
  explicit TempFolder(const std::string& name);
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// A TCP port of loopback that nobody listens on now. Another process may take it before it is used: starters try again.
[[nodiscard]] std::uint16_t FreePort();
// Whether something accepts connections on 127.0.0.1:port.
[[nodiscard]] bool CanConnect(std::uint16_t port);
// Asks every few milliseconds until `ready` or the time is over; returns the last answer.
[[nodiscard]] bool WaitFor(const std::function<bool()>& ready, std::chrono::milliseconds limit);
// Folder of the servers that setup.sh unpacked: PLUMBLINE_TOOLS or build/tools of the repository.
[[nodiscard]] std::filesystem::path ToolsFolder();

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { Kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Starts `arguments[0]` (searched in PATH) with standard output and error appended to `log`.
  Result<void> Start(const std::vector<std::string>& arguments, const std::filesystem::path& log);
  // SIGTERM, then SIGKILL when it has not ended in time. Exit code, or -signal.
  int Stop(std::chrono::milliseconds limit = std::chrono::seconds(20));
  // SIGKILL.
  void Kill();
  void Signal(int signal) const;
  [[nodiscard]] bool Running();
  // Waits for the end; exit code, -signal, or no value when it still runs.
  [[nodiscard]] bool WaitEnd(std::chrono::milliseconds limit);
  [[nodiscard]] int exit_code() const { return exit_code_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int exit_code_ = 0;
};

// Runs a program to its end: exit code and what it wrote to standard output and error.
struct Output {
  int exit_code = -1;
  std::string text;
};
[[nodiscard]] Result<Output> RunProgram(const std::vector<std::string>& arguments, const std::string& input = "");

// The last `bytes` of a text file, for messages of failing tests.
[[nodiscard]] std::string Tail(const std::filesystem::path& file, std::size_t bytes = 4000);

}  // namespace plumbline::test
