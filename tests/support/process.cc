#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "engine/base/check.h"

namespace plumbline::test {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::vector<char*> Pointers(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

TempFolder::TempFolder(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / ("plumbline-" + name + "-XXXXXX")).string();
  PLUMBLINE_CHECK(mkdtemp(pattern.data()) != nullptr, "the temporary folder must be writable");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::uint16_t FreePort() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  PLUMBLINE_CHECK(bind(socket_fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "loopback has a free port");
  PLUMBLINE_CHECK(getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "a bound socket has a name");
  close(socket_fd);
  return ntohs(address.sin_port);
}

bool CanConnect(std::uint16_t port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(port);
  const bool connected = connect(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(socket_fd);
  return connected;
}

bool WaitFor(const std::function<bool()>& ready, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!ready()) {
    if (std::chrono::steady_clock::now() >= end) return ready();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::filesystem::path ToolsFolder() {
  if (const char* folder = std::getenv("PLUMBLINE_TOOLS")) return folder;
  return std::filesystem::path("build") / "tools";
}

Result<void> ChildProcess::Start(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  PLUMBLINE_CHECK(pid_ < 0, "one process at a time");
  const std::vector<char*> pointers = Pointers(arguments);
  const std::string log_name = log.string();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Fail(ErrorCode::kIo, "fork failed: " + std::string(std::strerror(errno)));
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    const int out = open(log_name.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    const int in = open("/dev/null", O_RDONLY);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  pid_ = pid;
  return {};
}

bool ChildProcess::Running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  pid_ = -1;
  return false;
}

bool ChildProcess::WaitEnd(std::chrono::milliseconds limit) {
  return WaitFor([this] { return !Running(); }, limit);
}

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int ChildProcess::Stop(std::chrono::milliseconds limit) {
  if (!Running()) return exit_code_;
  Signal(SIGTERM);
  if (!WaitEnd(limit)) Kill();
  return exit_code_;
}

void ChildProcess::Kill() {
  if (!Running()) return;
  Signal(SIGKILL);
  PLUMBLINE_CHECK(WaitEnd(std::chrono::seconds(30)), "a killed process ends");
}

Result<Output> RunProgram(const std::vector<std::string>& arguments, const std::string& input) {
  TempFolder folder("run");
  std::ofstream(folder / "in") << input;
  // The shell only redirects: the arguments are passed as they are.
  std::vector<std::string> command = {"/bin/sh", "-c", R"(in=$1; shift; exec "$@" <"$in")", "sh", (folder / "in").string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  ChildProcess child;
  PLUMBLINE_TRY(child.Start(command, folder / "out"));
  if (!child.WaitEnd(std::chrono::minutes(2))) return Fail(ErrorCode::kIo, arguments[0] + " did not end within 2 minutes");
  return Output{child.exit_code(), Tail(folder / "out", 1 << 20)};
}

std::string Tail(const std::filesystem::path& file, std::size_t bytes) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return text.size() > bytes ? text.substr(text.size() - bytes) : text;
}

}  // namespace plumbline::test
