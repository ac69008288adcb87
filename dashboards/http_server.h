// A small HTTP/1.1 server on loopback or the hospital's network: metrics, health, readiness, later the console. One thread of its
// own runs everything, the handler included; handlers answer from what is in memory and do not wait.
//
// Limits: kMostConnections, a request's head and body, a time for each request. The only place that includes Boost.Beast here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace plumbline::dashboards {

struct HttpRequest {
  std::string_view method;  // "GET"
  std::string_view path;    // without the query
  std::string_view query;   // after "?", undecoded
  std::string_view accept;
  std::string_view body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9464;  // 0: any free port
  };
  static constexpr std::size_t kMostConnections = 256;
  static constexpr std::size_t kMostBodyBytes = 64 * 1024;
  static constexpr std::uint32_t kMostHeadBytes = 16 * 1024;
  static constexpr int kRequestSeconds = 30;

  // Listens and serves until destroyed. A port in use or an address that is not of this machine is an error that says so.
  static Result<std::unique_ptr<HttpServer>> Start(const Options& options, Handler handler);
  virtual ~HttpServer() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace plumbline::dashboards
