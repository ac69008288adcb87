#include "engine/app/analyse/report.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "engine/base/check.h"

namespace plumbline::analyse {
namespace {

std::size_t Columns(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 || (byte >= 0xC0 && byte < 0xE0)) n += 1;
    if (byte >= 0xE0) n += 2;
  }
  return n;
}

std::string Printf(const char* format, int digits, double value) {
  char buffer[64];
  const int n = std::snprintf(buffer, sizeof buffer, format, digits, value);
  return {buffer, static_cast<std::size_t>(std::clamp(n, 0, 63))};
}

}  // namespace

std::string Say(Lang lang, stats::Reason reason) {
  using stats::Reason;
  switch (reason) {
    case Reason::kNone:
      return "";
    case Reason::kTooFew:
      return Say(lang, "too few cases", "例数不足");
    case Reason::kOneCategory:
      return Say(lang, "one category only", "只有一个类别");
    case Reason::kZeroVariance:
      return Say(lang, "no variation", "无变异");
    case Reason::kZeroExpected:
      return Say(lang, "nothing expected", "期望值为零");
    case Reason::kSingleRater:
      return Say(lang, "a single reader", "只有一名阅片者");
    case Reason::kSingular:
      return Say(lang, "variables follow from each other", "变量共线");
    case Reason::kNoInformation:
      return Say(lang, "no informative cases", "无可用信息");
    case Reason::kNotConverged:
      return Say(lang, "did not converge", "未收敛");
    case Reason::kUnbounded:
      return Say(lang, "unbounded", "无界");
    case Reason::kOutsideDomain:
      return Say(lang, "outside the domain", "超出定义域");
  }
  return "";
}

void Json::Separate() {
  if (!first_ && !after_key_) out_ += ",";
  first_ = false;
  after_key_ = false;
}
Json& Json::Open(char bracket) {
  Separate();
  out_ += bracket;
  first_ = true;
  return *this;
}
Json& Json::Close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}
Json& Json::Key(std::string_view key) {
  Text(key);
  out_ += ":";
  after_key_ = true;
  return *this;
}
Json& Json::Text(std::string_view text) {
  Separate();
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(byte));
      out_ += buffer;
    } else {
      out_ += c;
    }
  }
  out_ += '"';
  return *this;
}
Json& Json::Number(double value) {
  PLUMBLINE_CHECK(std::isfinite(value), "numbers in a report are finite");
  Separate();
  char buffer[40];
  const auto [end, status] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out_.append(buffer, end);
  return *this;
}
Json& Json::Integer(std::int64_t value) {
  Separate();
  out_ += std::to_string(value);
  return *this;
}
Json& Json::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
  return *this;
}
Json& Json::Null() {
  Separate();
  out_ += "null";
  return *this;
}
Json& Json::Member(std::string_view key, const stats::Estimate& e) {
  Key(key).Open('{').Member("value", e.value);
  if (e.interval == stats::Reason::kNone) {
    Member("low", e.low).Member("high", e.high).Member("confidence", e.confidence);
    if (e.standard_error > 0) Member("standard_error", e.standard_error);
  } else {
    Member("no_interval", stats::ReasonName(e.interval));
  }
  return Close('}');
}
Json& Json::Member(std::string_view key, const stats::Test& t) {
  Key(key).Open('{').Member("statistic", t.statistic);
  if (t.df > 0) Member("df", t.df);
  if (t.df2 > 0) Member("df2", t.df2);
  return Member("p", t.p).Close('}');
}
Json& Json::Member(std::string_view key, const stats::NoResult& why) {
  return Key(key).Open('{').Member("reason", stats::ReasonName(why.reason)).Member("detail", why.detail).Close('}');
}

std::string TextTable::Render() const {
  std::vector<std::size_t> width(header_.size());
  const auto measure = [&width](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < width.size() && i < cells.size(); ++i) width[i] = std::max(width[i], Columns(cells[i]));
  };
  measure(header_);
  for (const auto& row : rows_) measure(row);
  std::string out;
  const auto write = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < width.size(); ++i) {
      const std::string cell = i < cells.size() ? cells[i] : "";
      const std::string pad(width[i] - Columns(cell), ' ');
      if (i > 0) line += "  ";
      line += i == 0 ? cell + pad : pad + cell;
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  write(header_);
  std::size_t total = 0;
  for (const std::size_t w : width) total += w + 2;
  out += std::string(total > 2 ? total - 2 : 0, '-') + "\n";
  for (const auto& row : rows_) write(row);
  return out;
}

std::string Fixed(double value, int digits) { return Printf("%.*f", digits, value == 0 ? 0.0 : value); }
std::string General(double value) { return Printf("%.*g", 5, value); }
std::string PValue(double p) { return p < 0.0001 ? (p < 1e-99 ? "<1e-99" : Printf("%.*e", 1, p)) : Printf("%.*f", 4, p); }

}  // namespace plumbline::analyse
