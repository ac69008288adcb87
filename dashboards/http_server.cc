#include "dashboards/http_server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>

namespace plumbline::dashboards {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = boost::asio::ip::tcp;
using ErrorCodeOf = boost::beast::error_code;

// One connection; lives as long as an operation of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const HttpServer::Handler& handler, std::size_t& open)
      : stream_(std::move(socket)), handler_(handler), open_(open) {
    ++open_;
  }
  ~Session() { --open_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Read() {
    parser_.emplace();
    parser_->body_limit(HttpServer::kMostBodyBytes);
    parser_->header_limit(HttpServer::kMostHeadBytes);
    stream_.expires_after(std::chrono::seconds(HttpServer::kRequestSeconds));
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](ErrorCodeOf error, std::size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(ErrorCodeOf error) {
    if (error == http::error::body_limit)
      return Send({413, "text/plain; charset=utf-8", "the request's body is too large\n"}, false);
    if (error == http::error::header_limit)
      return Send({431, "text/plain; charset=utf-8", "the request's head is too large\n"}, false);
    if (error.category() == http::make_error_code(http::error::bad_method).category() && error != http::error::end_of_stream)
      return Send({400, "text/plain; charset=utf-8", "not an HTTP request\n"}, false);
    if (error) return;  // closed, or the time is over
    const auto& request = parser_->get();
    Send(Handle(request), request.keep_alive());
  }

  HttpResponse Handle(const http::request<http::string_body>& request) {
    const std::string_view target(request.target().data(), request.target().size());
    const std::size_t question = std::min(target.find('?'), target.size());
    const auto accept = request[http::field::accept];
    HttpRequest plain;
    const auto method = request.method_string();
    plain.method = {method.data(), method.size()};
    plain.path = target.substr(0, question);
    plain.query = question < target.size() ? target.substr(question + 1) : std::string_view{};
    plain.accept = {accept.data(), accept.size()};
    plain.body = request.body();
    head_only_ = request.method() == http::verb::head;
    try {
      return handler_(plain);
    } catch (const std::exception& error) {
      return {500, "text/plain; charset=utf-8", std::string("the request failed: ") + error.what() + "\n"};
    }
  }

  void Send(HttpResponse&& answer, bool keep_alive) {
    response_.emplace();
    response_->version(11);
    response_->result(static_cast<unsigned>(answer.status));
    response_->set(http::field::server, "plumbline");
    response_->set(http::field::content_type, answer.content_type);
    response_->set(http::field::cache_control, "no-store");
    response_->set("X-Content-Type-Options", "nosniff");
    response_->keep_alive(keep_alive);
    response_->body() = std::move(answer.body);
    response_->prepare_payload();
    if (head_only_) response_->body().clear();  // the length stays
    head_only_ = false;
    http::async_write(stream_, *response_, [self = shared_from_this(), keep_alive](ErrorCodeOf error, std::size_t) {
      if (error) return;
      if (keep_alive) return self->Read();
      ErrorCodeOf ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  const HttpServer::Handler& handler_;
  std::size_t& open_;  // of the server; all on its one thread
  bool head_only_ = false;
};

class BeastServer final : public HttpServer {
 public:
  explicit BeastServer(Handler handler) : handler_(std::move(handler)), acceptor_(context_) {}
  ~BeastServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> Listen(const Options& options) {
    const std::string where = options.address + ":" + std::to_string(options.port);
    ErrorCodeOf error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error)
      return Fail(ErrorCode::kConfig, "\"" + options.address + "\" is no address to listen on: an IP address is expected");
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use)
      return Fail(ErrorCode::kIo, "cannot listen on " + where +
                                      ": the port is in use by another program; choose another in the "
                                      "configuration (http.port) or stop it");
    if (error) return Fail(ErrorCode::kIo, "cannot listen on " + where + ": " + error.message());
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](ErrorCodeOf error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {  // no descriptors left, for instance: not again at once
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this](ErrorCodeOf stopped) {
          if (!stopped) Accept();
        });
        return;
      }
      if (open_ < kMostConnections) std::make_shared<Session>(std::move(socket), handler_, open_)->Read();
      Accept();
    });
  }

  Handler handler_;
  std::size_t open_ = 0;  // before the context: sessions left in it count down when it goes
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_{context_};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options, Handler handler) {
  auto server = std::make_unique<BeastServer>(std::move(handler));
  PLUMBLINE_TRY(server->Listen(options));
  return server;
}

}  // namespace plumbline::dashboards
