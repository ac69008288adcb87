// The two text formats. Prometheus' (version 0.0.4) names a counter's family with _total, OpenMetrics without; OpenMetrics ends
// with
// "# EOF". Numbers are written so that reading them gives the same double.
#include <array>
#include <charconv>
#include <cmath>

#include "dashboards/metrics.h"

namespace plumbline::dashboards {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

void AppendNumber(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 64> text{};
    // Plain digits where people expect them: 0.0005, not 5e-04.
    const bool plain = value == 0 || (std::abs(value) >= 1e-5 && std::abs(value) < 1e15);
    const auto form = plain ? std::chars_format::fixed : std::chars_format::general;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, form);
    out.append(text.data(), end.ptr);
  }
}

void AppendEscaped(std::string& out, std::string_view text, bool quotes) {
  for (const char letter : text) {
    if (letter == '\\')
      out += "\\\\";
    else if (letter == '\n')
      out += "\\n";
    else if (letter == '"' && quotes)
      out += "\\\"";
    else
      out += letter;
  }
}

// `bound` is the le label of a bucket; null for none.
void AppendLabels(std::string& out, const ClientMetric& metric, const double* bound) {
  if (metric.label.empty() && bound == nullptr) return;
  out += '{';
  bool first = true;
  for (const auto& label : metric.label) {
    if (!first) out += ',';
    first = false;
    out += label.name + "=\"";
    AppendEscaped(out, label.value, true);
    out += '"';
  }
  if (bound != nullptr) {
    if (!first) out += ',';
    out += "le=\"";
    AppendNumber(out, *bound);
    out += '"';
  }
  out += '}';
}

void AppendSample(std::string& out, const std::string& name, const ClientMetric& metric, double value,
                  const double* bound = nullptr) {
  out += name;
  AppendLabels(out, metric, bound);
  out += ' ';
  AppendNumber(out, value);
  out += '\n';
}

void AppendHistogram(std::string& out, const std::string& name, const ClientMetric& metric) {
  bool infinite = false;
  for (const auto& bucket : metric.histogram.bucket) {
    AppendSample(out, name + "_bucket", metric, static_cast<double>(bucket.cumulative_count), &bucket.upper_bound);
    infinite = std::isinf(bucket.upper_bound);
  }
  const double all = INFINITY;
  if (!infinite) AppendSample(out, name + "_bucket", metric, static_cast<double>(metric.histogram.sample_count), &all);
  AppendSample(out, name + "_sum", metric, metric.histogram.sample_sum);
  AppendSample(out, name + "_count", metric, static_cast<double>(metric.histogram.sample_count));
}

const char* TypeName(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    default:
      return "untyped";
  }
}

}  // namespace

std::string WriteFamilies(const std::vector<MetricFamily>& families, Metrics::Format format) {
  constexpr std::string_view kTotal = "_total";
  std::string out;
  for (const MetricFamily& family : families) {
    if (family.metric.empty()) continue;
    std::string name = family.name;
    if (format == Metrics::Format::kOpenMetrics && family.type == MetricType::Counter && name.ends_with(kTotal))
      name.resize(name.size() - kTotal.size());
    out += "# HELP " + name + " ";
    AppendEscaped(out, family.help, format == Metrics::Format::kOpenMetrics);
    out += "\n# TYPE " + name + " " + TypeName(family.type) + "\n";
    for (const ClientMetric& metric : family.metric) {
      if (family.type == MetricType::Histogram)
        AppendHistogram(out, family.name, metric);
      else
        AppendSample(out, family.name, metric, family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
    }
  }
  if (format == Metrics::Format::kOpenMetrics) out += "# EOF\n";
  return out;
}

}  // namespace plumbline::dashboards
