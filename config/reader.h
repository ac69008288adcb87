// Reads the fields of one map of a document against what is expected there: types, ranges, names; mistakes go to the diagnostics
// with the place and what was expected, and reading goes on with the default, so that all mistakes show at once. Used by every
// schema (site.h here, rule packs, mappings).
//
//   MapReader feed(node, "a feed", diagnostics);
//   f.source = feed.Text("source");
//   f.future_ms = feed.Duration("future", 300'000);
//   feed.Finish();   // unknown keys, with the nearest right name
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml.h"
#include "engine/base/decimal.h"

namespace plumbline::config {

// "500 ms", "30 seconds", "5 min", "1 hour", "2 days", "1 week": a whole number or decimal and a unit. nullopt for anything else.
[[nodiscard]] std::optional<std::int64_t> ParseDurationMs(std::string_view text);

class MapReader {
 public:
  // `what` names the map in messages: "a feed". A node that is no map is an error; every field then has its default.
  MapReader(const Node& node, std::string what, Diagnostics& diagnostics);

  // The key must be there; null (after an error) where it is not.
  [[nodiscard]] const Node* Require(std::string_view key);
  [[nodiscard]] const Node* Optional(std::string_view key);

  [[nodiscard]] std::string Text(std::string_view key);  // required, not empty
  [[nodiscard]] std::string Text(std::string_view key, std::string_view fallback);
  [[nodiscard]] bool Flag(std::string_view key, bool fallback);
  [[nodiscard]] std::int64_t Whole(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::int64_t Duration(std::string_view key, std::int64_t fallback_ms);
  // One of `names`: its place in them.
  [[nodiscard]] std::size_t OneOf(std::string_view key, std::size_t fallback, std::span<const std::string_view> names);
  // A list of texts; a single text counts as a list of one.
  [[nodiscard]] std::vector<std::string> Texts(std::string_view key);
  // The items of a list, empty where the key is absent.
  [[nodiscard]] std::span<const Node> Items(std::string_view key);

  // Reports what was not asked for.
  void Finish();

  void Wrong(const Node& node, std::string message, std::string expected = {});
  [[nodiscard]] const Node& node() const { return node_; }

 private:
  [[nodiscard]] const Node* TextNode(std::string_view key, bool required, std::string_view expected);

  const Node& node_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> asked_;
};

// For values outside maps. An error where the node is not such a value.
[[nodiscard]] std::optional<std::string> TextOf(const Node& node, std::string_view what, Diagnostics& diagnostics);
[[nodiscard]] std::optional<plumbline::Decimal> DecimalOf(const Node& node, std::string_view what, Diagnostics& diagnostics);
[[nodiscard]] std::size_t ShownLength(const Node& node);

}  // namespace plumbline::config
