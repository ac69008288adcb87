// Posts a document to a server of the hospital and waits for the answer, within a stated time. For deliveries, each on a thread
// of its own; never on a worker's. The only place of the connectors that includes Boost.Beast.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace plumbline::http {

// http://host[:port][/path]. IPv6 addresses in brackets.
struct Url {
  std::string host;
  std::string port = "80";
  std::string path;  // without a slash at its end; empty for the root
};
[[nodiscard]] Result<Url> ParseUrl(std::string_view text);

struct Reply {
  int status = 0;
  std::string retry_after;  // the header as it came
  std::string body;
};

inline constexpr std::size_t kMostReplyBytes = 1 << 20;

// kUnavailable when no whole answer came within `timeout_ms`: not reachable, refused, cut off, too slow. Whether the server acted
// on the request is unknown then.
[[nodiscard]] Result<Reply> Post(const Url& url, std::string_view path, std::string_view content_type, std::string body,
                                 int timeout_ms);

}  // namespace plumbline::http
