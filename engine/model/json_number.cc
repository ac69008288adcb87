#include "engine/model/json_number.h"

#include <algorithm>
#include <optional>
#include <string>

namespace plumbline::model {
namespace {

constexpr int kMaxExponent = 64;  // beyond it nothing but zero fits
constexpr std::size_t kMaxText = 128;

bool Digit(char c) { return c >= '0' && c <= '9'; }

std::size_t Digits(std::string_view text, std::size_t from) {
  while (from < text.size() && Digit(text[from])) ++from;
  return from;
}

bool NamesNotFinite(std::string_view text) {
  std::string lower(text.substr(0, 16));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (!lower.empty() && (lower[0] == '-' || lower[0] == '+')) lower.erase(0, 1);
  return lower == "nan" || lower == "inf" || lower == "infinity";
}

struct Parts {
  bool negative = false;
  std::string_view whole, fraction;
  int exponent = 0;
};

std::optional<Parts> Split(std::string_view text) {
  Parts parts;
  std::size_t at = 0;
  if (!text.empty() && text[0] == '-') {
    parts.negative = true;
    at = 1;
  }
  std::size_t end = Digits(text, at);
  if (end == at || (text[at] == '0' && end != at + 1)) return std::nullopt;
  parts.whole = text.substr(at, end - at);
  at = end;
  if (at < text.size() && text[at] == '.') {
    end = Digits(text, at + 1);
    if (end == at + 1) return std::nullopt;
    parts.fraction = text.substr(at + 1, end - at - 1);
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    end = Digits(text, at);
    if (end == at) return std::nullopt;
    int exponent = 0;
    for (; at < end; ++at) exponent = std::min(10 * exponent + (text[at] - '0'), kMaxExponent + 1);
    parts.exponent = minus ? -exponent : exponent;
  }
  return at == text.size() ? std::optional(parts) : std::nullopt;
}

bool AllZeros(std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

DecimalText ParseDecimalText(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  if (NamesNotFinite(text)) return {DecimalText::kNotFinite, {}};
  const std::optional<Parts> parts = Split(text);
  if (!parts || text.size() > kMaxText) return {};
  if (parts->exponent == 0) {
    const auto value = Decimal::Parse(text);
    return value ? DecimalText{DecimalText::kGood, *value} : DecimalText{};
  }
  if (AllZeros(parts->whole) && AllZeros(parts->fraction)) return {DecimalText::kGood, Decimal()};
  if (parts->exponent > kMaxExponent || parts->exponent < -kMaxExponent) return {};
  // Move the point by the exponent.
  std::string digits = std::string(parts->whole) + std::string(parts->fraction);
  auto point = static_cast<int>(parts->whole.size()) + parts->exponent;
  if (point <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - point), '0');
    point = 1;
  }
  if (static_cast<std::size_t>(point) > digits.size()) digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  std::string plain = (parts->negative ? "-" : "") + digits.substr(0, static_cast<std::size_t>(point));
  if (static_cast<std::size_t>(point) < digits.size()) plain += "." + digits.substr(static_cast<std::size_t>(point));
  const auto value = Decimal::Parse(plain);
  return value ? DecimalText{DecimalText::kGood, *value} : DecimalText{};
}

}  // namespace plumbline::model
