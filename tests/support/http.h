// A plain HTTP exchange with 127.0.0.1 for tests: what is sent is sent as it is, so that bad requests can be made too.
#pragma once

#include <cstdint>
#include <string>

namespace plumbline::test {

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string head;
  std::string body;
};

// Sends `bytes` and reads until the other side closes or `limit_ms` is over.
[[nodiscard]] HttpAnswer Exchange(std::uint16_t port, const std::string& bytes, int limit_ms = 5000);
[[nodiscard]] HttpAnswer Get(std::uint16_t port, const std::string& path, const std::string& headers = "");

}  // namespace plumbline::test
