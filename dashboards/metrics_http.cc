// GET /metrics, /health, /ready.
#include "dashboards/metrics.h"

namespace plumbline::dashboards {
namespace {

constexpr const char* kText = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kOpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

void AppendJsonText(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') out += '\\';
    if (code >= 0x20)
      out += letter;
    else
      out.append("\\u00").append(1, kHex[code >> 4]).append(1, kHex[code & 15]);
  }
  out += '"';
}

HttpResponse Status(const char* name, const std::vector<std::string>& reasons) {
  HttpResponse response;
  response.status = reasons.empty() ? 200 : 503;
  response.content_type = "application/json";
  response.body = std::string("{\"") + name + "\":" + (reasons.empty() ? "true" : "false") + ",\"reasons\":[";
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (i > 0) response.body += ',';
    AppendJsonText(response.body, reasons[i]);
  }
  response.body += "]}\n";
  return response;
}

}  // namespace

HttpResponse Metrics::Serve(const HttpRequest& request) const {
  const bool known = request.path == "/metrics" || request.path == "/health" || request.path == "/ready";
  if (!known) return {404, "text/plain; charset=utf-8", "not found; there are /metrics, /health and /ready\n"};
  if (request.method != "GET" && request.method != "HEAD") return {405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
  if (request.path == "/health") return Status("healthy", Stuck());
  if (request.path == "/ready") return Status("ready", NotReady());
  const bool open = request.accept.find("application/openmetrics-text") != std::string_view::npos;
  return {200, open ? kOpenMetrics : kText, Write(open ? Format::kOpenMetrics : Format::kText)};
}

}  // namespace plumbline::dashboards
