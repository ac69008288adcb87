#include "dashboards/http_server.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/support/http.h"
#include "tests/support/process.h"

namespace plumbline::dashboards {
namespace {

std::unique_ptr<HttpServer> Echo() {
  auto server = HttpServer::Start({"127.0.0.1", 0}, [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/throws") throw std::runtime_error("a test");
    return {200, "text/plain",
            std::string(request.method) + " " + std::string(request.path) + " " + std::string(request.query) + " " +
                std::to_string(request.body.size())};
  });
  REQUIRE(server);
  return std::move(*server);
}

}  // namespace

TEST_CASE("a request reaches the handler with path, query and body, and the answer comes back") {
  auto server = Echo();
  const auto answer = test::Get(server->port(), "/a/b?x=1&y=2");
  CHECK(answer.status == 200);
  CHECK(answer.body == "GET /a/b x=1&y=2 0");
  const auto posted =
      test::Exchange(server->port(), "POST /p HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 5\r\n\r\n12345");
  CHECK(posted.body == "POST /p  5");
}

TEST_CASE("HEAD gets the length and no body, and a connection serves several requests") {
  auto server = Echo();
  const auto head = test::Exchange(server->port(), "HEAD /h HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK_THAT(head.head, Catch::Contains("Content-Length: 10"));
  const std::string one = "GET /1 HTTP/1.1\r\nHost: t\r\n\r\n";
  const auto both = test::Exchange(server->port(), one + "GET /2 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  CHECK_THAT(both.body, Catch::Contains("GET /1") && Catch::Contains("GET /2"));
}

TEST_CASE("what is no HTTP, too long or fails inside gets an answer that says so and harms nobody") {
  auto server = Echo();
  CHECK(test::Exchange(server->port(), "this is no request\r\n\r\n").status == 400);
  const std::string huge(HttpServer::kMostHeadBytes, 'x');
  CHECK(test::Exchange(server->port(), "GET /" + huge + " HTTP/1.1\r\nHost: t\r\n\r\n").status == 431);
  CHECK(test::Exchange(server->port(), "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n").status == 413);
  const auto failed = test::Get(server->port(), "/throws");
  CHECK(failed.status == 500);
  CHECK_THAT(failed.body, Catch::Contains("a test"));
  CHECK(test::Exchange(server->port(), "", 50).status == 0);
  CHECK(test::Get(server->port(), "/still").status == 200);
}

TEST_CASE("a port in use and an address that is none are errors that say what to do") {
  auto server = Echo();
  const auto taken = HttpServer::Start({"127.0.0.1", server->port()}, [](const HttpRequest&) { return HttpResponse{}; });
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == ErrorCode::kIo);
  CHECK_THAT(taken.error().message,
             Catch::Contains(std::to_string(server->port())) && Catch::Contains("in use") && Catch::Contains("http.port"));
  const auto nonsense = HttpServer::Start({"no-address", 0}, [](const HttpRequest&) { return HttpResponse{}; });
  REQUIRE_FALSE(nonsense);
  CHECK_THAT(nonsense.error().message, Catch::Contains("no-address"));
}

}  // namespace plumbline::dashboards
