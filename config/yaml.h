// A YAML document as a tree in which every node knows its line and column. Configuration, rule packs, mappings and scenario files
// are read through it. yaml-cpp does the parsing; this tree adds what it lacks: positions of every node and of every letter in a
// text, duplicate keys as errors, and limits. Anchors, aliases and merge keys are refused: what a rule says must stand where it
// is read.
//
// Immutable once parsed; may be shared between threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"

namespace plumbline::config {

enum class NodeKind : std::uint8_t { kNull, kText, kList, kMap };
enum class TextStyle : std::uint8_t { kPlain, kSingleQuoted, kDoubleQuoted, kBlock };

struct Node {
  struct Entry;

  NodeKind kind = NodeKind::kNull;
  TextStyle style = TextStyle::kPlain;
  Mark mark;                   // of the first letter; of a quoted or block text: of the quote or the | or >
  std::string text;            // kText
  std::vector<Node> items;     // kList
  std::vector<Entry> entries;  // kMap, in the order of the document

  // The value of a key; null where there is none or this is no map.
  [[nodiscard]] const Node* Find(std::string_view key) const;
  [[nodiscard]] bool quoted() const { return style != TextStyle::kPlain; }
  // For messages: "a text", "a list", "a map", "nothing".
  [[nodiscard]] std::string_view KindText() const;
};

struct Node::Entry {
  std::string key;
  Mark key_mark;
  Node value;
};

struct YamlLimits {
  std::size_t max_bytes = 16U << 20;
  std::size_t max_nodes = 1'000'000;
  std::size_t max_depth = 64;
};

// Parses one document. On mistakes the diagnostics are filled and the root is what could be read.
[[nodiscard]] Node ParseYaml(std::string_view text, Diagnostics& diagnostics, const YamlLimits& limits = {});

// Where the letter at `offset` of a text node stands in the document, for errors inside expressions. Exact for texts on one line
// and for | blocks; for others where it can be found, else the node's own mark.
[[nodiscard]] Mark MarkInText(const Node& node, std::size_t offset, const Diagnostics& document);

// The bytes of a file; kNotFound or kIo with the path, kLimit above `max_bytes`.
[[nodiscard]] Result<std::string> ReadTextFile(const std::string& path, std::size_t max_bytes = YamlLimits{}.max_bytes);

}  // namespace plumbline::config
