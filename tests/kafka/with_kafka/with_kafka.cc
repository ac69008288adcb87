// with_kafka COMMAND ARG...: runs a command beside a fresh Kafka broker of its own, whose host:port stands for each {brokers} in the
// arguments. Exits as the command does.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/kafka/broker.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: with_kafka COMMAND ARG...   ({brokers} becomes the broker's host:port)\n");
    return 2;
  }
  const auto broker = plumbline::test::KafkaBroker::Start();
  if (!broker) {
    std::fprintf(stderr, "%s\n", broker.error().Text().c_str());
    return 2;
  }
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    arguments.emplace_back(argv[i]);
    const std::size_t at = arguments.back().find("{brokers}");
    if (at != std::string::npos) arguments.back().replace(at, 9, (*broker)->address());
  }
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> pointers;
    for (std::string& a : arguments) pointers.push_back(a.data());
    pointers.push_back(nullptr);
    execvp(pointers[0], pointers.data());
    std::perror(pointers[0]);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
