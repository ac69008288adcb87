#include "engine/stats/allowance.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

namespace plumbline::stats {
namespace {

constexpr double kMonthDays = 365.25 / 12;

struct Named {
  std::string_view word;
  double value;
};
constexpr std::array kPeriods = {Named{"hour", 1.0 / 24},    Named{"shift", 1.0 / 3},      Named{"day", 1},      Named{"week", 7},
                                 Named{"month", kMonthDays}, Named{"quarter", 365.25 / 4}, Named{"year", 365.25}};
constexpr std::array kChinesePeriods = {
    Named{"小时", 1.0 / 24}, Named{"班", 1.0 / 3},      Named{"天", 1},     Named{"日", 1}, Named{"周", 7}, Named{"星期", 7},
    Named{"月", kMonthDays}, Named{"季度", 365.25 / 4}, Named{"年", 365.25}};
constexpr std::array kNumbers = {Named{"one", 1}, Named{"two", 2},   Named{"three", 3}, Named{"four", 4}, Named{"five", 5},
                                 Named{"six", 6}, Named{"seven", 7}, Named{"eight", 8}, Named{"nine", 9}, Named{"ten", 10}};
constexpr std::array kChineseNumbers = {Named{"一", 1}, Named{"二", 2}, Named{"两", 2}, Named{"三", 3},
                                        Named{"四", 4}, Named{"五", 5}, Named{"六", 6}, Named{"七", 7},
                                        Named{"八", 8}, Named{"九", 9}, Named{"十", 10}};

std::unexpected<NoResult> Unreadable(std::string_view text, std::string_view why) {
  return No(Reason::kOutsideDomain,
            "\"" + std::string(text) + "\": " + std::string(why) + "; write e.g. \"2 a month over all readers\"");
}

template <std::size_t N>
std::optional<double> Find(const std::array<Named, N>& list, std::string_view word) {
  for (const Named& n : list) {
    if (n.word == word) return n.value;
  }
  return std::nullopt;
}

std::optional<double> Number(std::string_view word) {
  double value = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (status == std::errc{} && end == word.data() + word.size() && std::isfinite(value)) return value;
  if (const auto named = Find(kNumbers, word)) return named;
  return Find(kChineseNumbers, word);
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == ',';
    if (!space && c != '/') words.back().push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    if ((space || c == '/') && !words.back().empty()) words.emplace_back();
    if (c == '/') {
      words.back() = "/";
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Outcome<Allowance> ParseChinese(std::string_view text) {
  std::string compact;
  for (const char c : text) {
    if (c != ' ') compact.push_back(c);
  }
  Allowance a;
  if (compact.find("每个") != std::string::npos || compact.find("每位") != std::string::npos)
    a.scope = Allowance::Scope::kEachUnit;
  constexpr std::string_view kEach = "每";
  for (std::size_t at = compact.find(kEach); at != std::string::npos; at = compact.find(kEach, at + 1)) {
    const std::string_view rest = std::string_view(compact).substr(at + kEach.size());
    for (const Named& period : kChinesePeriods) {
      if (!rest.starts_with(period.word)) continue;
      const std::string_view number = rest.substr(period.word.size());
      const std::size_t times = number.find("次");
      if (times == std::string_view::npos) continue;
      const auto value = Number(number.substr(0, times));
      if (!value || *value <= 0) return Unreadable(text, "the number of alerts is not a positive number");
      a.alerts = *value;
      a.period_days = period.value;
      return a;
    }
  }
  return Unreadable(text, "no period like 每月2次 is in it");
}

}  // namespace

Outcome<Allowance> ParseAllowance(std::string_view text) {
  if (text.find("每") != std::string_view::npos) return ParseChinese(text);
  const std::vector<std::string> words = Words(text);
  if (words.size() < 3) return Unreadable(text, "a number, a period and perhaps a scope are needed");
  Allowance a;
  const auto number = Number(words[0]);
  if (!number || *number <= 0) return Unreadable(text, "the number of alerts is not a positive number");
  a.alerts = *number;
  std::size_t at = 1;
  while (at < words.size() && (words[at] == "false" || words[at] == "alert" || words[at] == "alerts")) ++at;
  constexpr std::array<std::string_view, 6> kPer = {"a", "an", "per", "each", "every", "/"};
  if (at >= words.size() || std::find(kPer.begin(), kPer.end(), words[at]) == kPer.end())
    return Unreadable(text, "\"a\" or \"per\" is missing");
  ++at;
  const auto period = at < words.size() ? Find(kPeriods, words[at]) : std::nullopt;
  if (!period) return Unreadable(text, "the period is none of hour, shift, day, week, month, quarter, year");
  a.period_days = *period;
  ++at;
  if (at == words.size()) return a;
  constexpr std::array<std::string_view, 6> kOver = {"over", "across", "in", "for", "of", "per"};
  if (std::find(kOver.begin(), kOver.end(), words[at]) == kOver.end())
    return Unreadable(text, "\"over all ...\" or \"for each ...\" was expected");
  const bool per = words[at] == "per";
  ++at;
  if (at == words.size()) return Unreadable(text, "\"over all ...\" or \"for each ...\" was expected");
  if (per || words[at] == "each" || words[at] == "every" || words[at] == "one") {
    a.scope = Allowance::Scope::kEachUnit;
  } else if (words[at] != "all") {
    return Unreadable(text, "\"all\" or \"each\" was expected");
  }
  return a;
}

std::string Promise::Text() const {
  std::array<char, 64> period{};
  if (allowance.period_days > 0) {
    std::snprintf(period.data(), period.size(), "in %.4g days", allowance.period_days);
  } else {
    std::snprintf(period.data(), period.size(), "in %.6g observations", observations_in_period);
  }
  std::array<char, 320> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "at most %.4g false alerts expected %s over %s (c = %.6g, %.6g observations%s%.3g)",
                expected_false_alerts, period.data(), allowance.scope == Allowance::Scope::kAllUnits ? "all units" : "each unit",
                threshold, observations_in_period,
                baseline_error > 0 ? "; the baseline's bound may be wrong with probability " : "; alpha0 = ", baseline_error);
  return buffer.data();
}

Outcome<Promise> ThresholdFor(const Allowance& allowance, const Volume& volume, double baseline_error) {
  if (!(allowance.alerts > 0 && allowance.period_days > 0)) return No(Reason::kOutsideDomain, "an allowance is positive");
  if (!(volume.observations_per_day > 0 && volume.units >= 1 && std::isfinite(volume.observations_per_day))) {
    return No(Reason::kOutsideDomain, "the observations a day and the units are positive");
  }
  Promise promise;
  promise.allowance = allowance;
  promise.baseline_error = baseline_error;
  const double per_day =
      allowance.scope == Allowance::Scope::kAllUnits ? volume.observations_per_day : volume.observations_per_day / volume.units;
  promise.observations_in_period = per_day * allowance.period_days;
  promise.threshold = promise.observations_in_period / allowance.alerts;
  if (promise.threshold < 2) {
    return No(Reason::kTooFew,
              "fewer than 2 observations for each allowed alert: a detector is not needed to keep this allowance");
  }
  promise.expected_false_alerts = promise.observations_in_period / promise.threshold;
  return promise;
}

}  // namespace plumbline::stats
