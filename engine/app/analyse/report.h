// What an analysis hands back: JSON for programs, a table for people in English or Chinese, an SVG figure for minutes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stats/estimate.h"

namespace plumbline::analyse {

struct Report {
  std::string json;
  std::string text;
  std::string svg;
  bool findings = false;  // an alarm, a unit outside its limits
};

enum class Lang { kEn, kZh };

// The phrase in the language asked for.
[[nodiscard]] inline std::string Say(Lang lang, std::string_view en, std::string_view zh) {
  return std::string(lang == Lang::kZh ? zh : en);
}
// Why a result could not be stated, for people.
[[nodiscard]] std::string Say(Lang lang, stats::Reason reason);

// JSON, written left to right. Numbers are finite (checked) and in shortest round-trip form.
class Json {
 public:
  Json& Open(char bracket);   // '{' or '['
  Json& Close(char bracket);  // '}' or ']'
  Json& Key(std::string_view key);
  Json& Text(std::string_view text);
  Json& Number(double value);
  Json& Integer(std::int64_t value);
  Json& Bool(bool value);
  Json& Null();
  // Members of an open object.
  Json& Member(std::string_view key, std::string_view text) { return Key(key).Text(text); }
  Json& Member(std::string_view key, const char* text) { return Key(key).Text(text); }
  Json& Member(std::string_view key, double value) { return Key(key).Number(value); }
  Json& MemberInteger(std::string_view key, std::uint64_t value) { return Key(key).Integer(static_cast<std::int64_t>(value)); }
  Json& Member(std::string_view key, bool value) { return Key(key).Bool(value); }
  // {"value":..,"low":..,"high":..,"confidence":..} or with "reason" where there is no interval.
  Json& Member(std::string_view key, const stats::Estimate& estimate);
  Json& Member(std::string_view key, const stats::Test& test);
  // {"reason":..,"detail":..}
  Json& Member(std::string_view key, const stats::NoResult& why);
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  void Separate();
  std::string out_;
  bool first_ = true;
  bool after_key_ = false;
};

// Columns set under each other; Chinese characters count two columns; all but the first column are set right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}
  void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string Render() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// Digits after the point, and a p-value as people write it.
[[nodiscard]] std::string Fixed(double value, int digits);
[[nodiscard]] std::string General(double value);
[[nodiscard]] std::string PValue(double p);

}  // namespace plumbline::analyse
