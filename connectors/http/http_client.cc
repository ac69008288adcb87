#include "connectors/http/http_client.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <chrono>

namespace plumbline::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = boost::asio::ip::tcp;
using BoostError = boost::beast::error_code;

// One request on a connection of its own, step by step; the first error ends it.
class Exchange {
 public:
  Exchange(bhttp::request<bhttp::string_body> request, std::chrono::milliseconds limit)
      : request_(std::move(request)), limit_(limit) {
    parser_.body_limit(kMostReplyBytes);
  }

  void Run(const std::string& host, const std::string& port) {
    stream_.expires_after(limit_);
    resolver_.async_resolve(host, port, [this](BoostError error, const tcp::resolver::results_type& addresses) {
      if (!Goes(error, "finding the host")) return;
      stream_.async_connect(addresses, [this](BoostError failed, const tcp::endpoint&) {
        if (Goes(failed, "connecting")) Write();
      });
    });
    context_.run_for(limit_);
    // A name server that does not answer is not under the stream's time-out.
    if (!done_ && !error_) error_ = beast::error::timeout;
  }

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] std::string Why() const { return doing_ + std::string(": ") + error_.message(); }
  [[nodiscard]] const bhttp::response<bhttp::string_body>& response() { return parser_.get(); }

 private:
  bool Goes(BoostError error, const char* doing) {
    error_ = error;
    doing_ = doing;
    return !error;
  }
  void Write() {
    bhttp::async_write(stream_, request_, [this](BoostError error, std::size_t) {
      if (!Goes(error, "sending")) return;
      bhttp::async_read(stream_, buffer_, parser_,
                        [this](BoostError failed, std::size_t) { done_ = Goes(failed, "waiting for the answer"); });
    });
  }

  asio::io_context context_{1};
  tcp::resolver resolver_{context_};
  beast::tcp_stream stream_{context_};
  beast::flat_buffer buffer_;
  bhttp::request<bhttp::string_body> request_;
  bhttp::response_parser<bhttp::string_body> parser_;
  std::chrono::milliseconds limit_;
  BoostError error_;
  const char* doing_ = "starting";
  bool done_ = false;
};

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kConfig, "\"" + std::string(text) + "\" is no URL to post to: " + why);
  };
  if (!text.starts_with(kScheme)) return bad("it must begin with http://; for TLS put a proxy before the receiver");
  std::string_view rest = text.substr(kScheme.size());
  Url url;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (authority.find('@') != std::string_view::npos) return bad("it may not hold a user or password");
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    url.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
    const bool digits = !url.port.empty() && url.port.size() <= 5 &&
                        std::ranges::all_of(url.port, [](unsigned char c) { return std::isdigit(c); });
    if (!digits || std::stoi(url.port) > 65535) return bad("\"" + url.port + "\" is no port");
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return bad("the host is missing");
  url.host = authority;
  return url;
}

Result<Reply> Post(const Url& url, std::string_view path, std::string_view content_type, std::string body, int timeout_ms) {
  const std::string target = url.path + std::string(path);
  bhttp::request<bhttp::string_body> request{bhttp::verb::post, target, 11};
  const bool ipv6 = url.host.find(':') != std::string::npos;
  request.set(bhttp::field::host, (ipv6 ? "[" + url.host + "]" : url.host) + ":" + url.port);
  request.set(bhttp::field::user_agent, "plumbline");
  request.set(bhttp::field::content_type, boost::core::string_view(content_type.data(), content_type.size()));
  request.keep_alive(false);
  request.body() = std::move(body);
  request.prepare_payload();
  const std::string where = url.host + ":" + url.port;
  try {
    Exchange exchange(std::move(request), std::chrono::milliseconds(timeout_ms));
    exchange.Run(url.host, url.port);
    if (!exchange.done()) return Fail(ErrorCode::kUnavailable, "no answer from " + where + " (" + exchange.Why() + ")");
    const auto& response = exchange.response();
    const auto retry = response[bhttp::field::retry_after];
    return Reply{static_cast<int>(response.result_int()), std::string(retry.data(), retry.size()), response.body()};
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kInternal, "posting to " + where + ": " + error.what());
  }
}

}  // namespace plumbline::http
