#include "config/reader.h"

#include <algorithm>
#include <charconv>

namespace plumbline::config {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t ms;
};
constexpr DurationUnit kUnits[] = {{"ms", 1},
                                   {"millisecond", 1},
                                   {"milliseconds", 1},
                                   {"s", 1000},
                                   {"sec", 1000},
                                   {"second", 1000},
                                   {"seconds", 1000},
                                   {"min", 60'000},
                                   {"minute", 60'000},
                                   {"minutes", 60'000},
                                   {"h", 3'600'000},
                                   {"hour", 3'600'000},
                                   {"hours", 3'600'000},
                                   {"d", 86'400'000},
                                   {"day", 86'400'000},
                                   {"days", 86'400'000},
                                   {"week", 604'800'000},
                                   {"weeks", 604'800'000}};
constexpr std::int64_t kMaxDurationMs = 1000LL * 366 * 86'400'000;

std::optional<std::int64_t> ParseWhole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> ParseDurationMs(std::string_view text) {
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = plumbline::Decimal::Parse(text.substr(0, digits_end));
  std::string_view unit = text.substr(digits_end);
  while (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  if (!number || digits_end == 0) return std::nullopt;
  for (const DurationUnit& u : kUnits) {
    if (u.name != unit) continue;
    const Int128 scaled = number->units() * u.ms;
    if (scaled % plumbline::Decimal::kUnit != 0 || scaled / plumbline::Decimal::kUnit > kMaxDurationMs) return std::nullopt;
    return static_cast<std::int64_t>(scaled / plumbline::Decimal::kUnit);
  }
  return std::nullopt;
}

std::size_t ShownLength(const Node& node) {
  if (node.kind != NodeKind::kText || node.style == TextStyle::kBlock) return 1;
  const std::size_t line = std::min(node.text.find('\n'), node.text.size());
  return std::max<std::size_t>(1, line + (node.quoted() ? 2 : 0));
}

MapReader::MapReader(const Node& node, std::string what, Diagnostics& diagnostics)
    : node_(node), what_(std::move(what)), diagnostics_(diagnostics) {
  if (node.kind != NodeKind::kMap)
    Wrong(node, what_ + " must be a map, not " + std::string(node.KindText()), "lines of `name: value`");
}

void MapReader::Wrong(const Node& node, std::string message, std::string expected) {
  diagnostics_.Add(node.mark, ShownLength(node), std::move(message), std::move(expected));
}

const Node* MapReader::Optional(std::string_view key) {
  asked_.push_back(key);
  return node_.Find(key);
}

const Node* MapReader::Require(std::string_view key) {
  const Node* found = Optional(key);
  if (found == nullptr && node_.kind == NodeKind::kMap) {
    diagnostics_.Add(node_.mark, 1, what_ + " needs \"" + std::string(key) + "\"");
  }
  return found;
}

const Node* MapReader::TextNode(std::string_view key, bool required, std::string_view expected) {
  const Node* found = required ? Require(key) : Optional(key);
  if (found == nullptr) return nullptr;
  if (found->kind == NodeKind::kText) return found;
  Wrong(*found, "\"" + std::string(key) + "\" is " + std::string(found->KindText()), std::string(expected));
  return nullptr;
}

std::string MapReader::Text(std::string_view key) {
  const Node* found = TextNode(key, true, "a text");
  if (found == nullptr) return {};
  if (found->text.empty()) Wrong(*found, "\"" + std::string(key) + "\" is empty", "a text");
  return found->text;
}

std::string MapReader::Text(std::string_view key, std::string_view fallback) {
  const Node* found = TextNode(key, false, "a text");
  return found == nullptr ? std::string(fallback) : found->text;
}

bool MapReader::Flag(std::string_view key, bool fallback) {
  const Node* found = TextNode(key, false, "true or false");
  if (found == nullptr) return fallback;
  if (found->text == "true") return true;
  if (found->text != "false") Wrong(*found, "\"" + std::string(key) + "\" is \"" + found->text + "\"", "true or false");
  return false;
}

std::int64_t MapReader::Whole(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
  const std::string expected = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const Node* found = TextNode(key, false, expected);
  if (found == nullptr) return fallback;
  const std::optional<std::int64_t> value = ParseWhole(found->text);
  if (value && *value >= least && *value <= most) return *value;
  Wrong(*found, "\"" + std::string(key) + "\" is \"" + found->text + "\"", expected);
  return fallback;
}

std::int64_t MapReader::Duration(std::string_view key, std::int64_t fallback_ms) {
  constexpr std::string_view kExpected = "a duration such as \"30 seconds\", \"5 minutes\", \"1 hour\", \"2 days\"";
  const Node* found = TextNode(key, false, kExpected);
  if (found == nullptr) return fallback_ms;
  const std::optional<std::int64_t> value = ParseDurationMs(found->text);
  if (!value) Wrong(*found, "\"" + std::string(key) + "\" is \"" + found->text + "\"", std::string(kExpected));
  return value.value_or(fallback_ms);
}

std::size_t MapReader::OneOf(std::string_view key, std::size_t fallback, std::span<const std::string_view> names) {
  const Node* found = TextNode(key, false, "one of: " + JoinNames(names));
  if (found == nullptr) return fallback;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == found->text) return i;
  }
  Wrong(*found, "\"" + std::string(key) + "\" is \"" + found->text + "\"" + DidYouMean(found->text, names),
        "one of: " + JoinNames(names));
  return fallback;
}

std::vector<std::string> MapReader::Texts(std::string_view key) {
  std::vector<std::string> out;
  const Node* found = Optional(key);
  if (found == nullptr) return out;
  if (found->kind == NodeKind::kText) return {found->text};
  if (found->kind != NodeKind::kList) {
    Wrong(*found, "\"" + std::string(key) + "\" is " + std::string(found->KindText()), "a list of texts");
    return out;
  }
  for (const Node& item : found->items) {
    if (auto text = TextOf(item, key, diagnostics_)) out.push_back(*std::move(text));
  }
  return out;
}

std::span<const Node> MapReader::Items(std::string_view key) {
  const Node* found = Optional(key);
  if (found == nullptr) return {};
  if (found->kind == NodeKind::kList) return found->items;
  Wrong(*found, "\"" + std::string(key) + "\" is " + std::string(found->KindText()), "a list");
  return {};
}

void MapReader::Finish() {
  for (const Node::Entry& entry : node_.entries) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    diagnostics_.Add(entry.key_mark, entry.key.size(),
                     "there is no \"" + entry.key + "\" in " + what_ + DidYouMean(entry.key, asked_),
                     "one of: " + JoinNames(asked_));
  }
}

std::optional<std::string> TextOf(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.kind == NodeKind::kText && !node.text.empty()) return node.text;
  const std::string found = node.kind == NodeKind::kText ? "an empty text" : std::string(node.KindText());
  diagnostics.Add(node.mark, ShownLength(node), std::string(what) + " is " + found, "a text");
  return std::nullopt;
}

std::optional<plumbline::Decimal> DecimalOf(const Node& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.kind == NodeKind::kText) {
    if (const auto value = plumbline::Decimal::Parse(node.text)) return value;
  }
  const std::string found = node.kind == NodeKind::kText ? "\"" + node.text + "\"" : std::string(node.KindText());
  diagnostics.Add(node.mark, ShownLength(node), std::string(what) + " is " + found, "a decimal number");
  return std::nullopt;
}

}  // namespace plumbline::config
