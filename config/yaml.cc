#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace plumbline::config {
namespace {

Mark ToMark(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

// Thrown through yaml-cpp, which unwinds cleanly, when a limit is passed.
struct LimitPassed {
  Mark mark;
  std::string what;
};

TextStyle StyleAt(const Diagnostics& diagnostics, Mark mark, const std::string& tag) {
  const std::string_view line = diagnostics.Line(mark.line);
  const char c = mark.column >= 1 && mark.column <= line.size() ? line[mark.column - 1] : ' ';
  if (tag != "!") return TextStyle::kPlain;  // yaml-cpp: "!" for quoted and block texts, "?" for plain ones
  if (c == '\'') return TextStyle::kSingleQuoted;
  if (c == '"') return TextStyle::kDoubleQuoted;
  return TextStyle::kBlock;
}

// Builds the tree from the parser's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(Diagnostics& diagnostics, const YamlLimits& limits) : diagnostics_(diagnostics), limits_(limits) {}

  Node root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Node node;
    node.mark = ToMark(mark);
    Put(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_.Add(ToMark(mark), 1, "aliases are not taken here", "the value itself: what is said must stand where it is read");
    Node node;
    node.mark = ToMark(mark);
    Put(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    Node node;
    node.kind = NodeKind::kText;
    node.mark = ToMark(mark);
    node.text = value;
    node.style = StyleAt(diagnostics_, node.mark, tag);
    NoAnchor(anchor, node.mark);
    Put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Open(NodeKind::kList, ToMark(mark), anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Open(NodeKind::kMap, ToMark(mark), anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    Node node;
    std::string key;
    Mark key_mark;
    bool has_key = false;
  };

  void NoAnchor(YAML::anchor_t anchor, Mark mark) {
    if (anchor != 0) diagnostics_.Add(mark, 1, "anchors are not taken here", "the value without an anchor");
  }

  void Open(NodeKind kind, Mark mark, YAML::anchor_t anchor) {
    NoAnchor(anchor, mark);
    if (levels_.size() >= limits_.max_depth)
      throw LimitPassed{mark, "nested deeper than " + std::to_string(limits_.max_depth) + " levels"};
    Level level;
    level.node.kind = kind;
    level.node.mark = mark;
    levels_.push_back(std::move(level));
  }

  void Close() {
    Node node = std::move(levels_.back().node);
    levels_.pop_back();
    Put(std::move(node));
  }

  void Put(Node node) {
    if (++nodes_ > limits_.max_nodes) throw LimitPassed{node.mark, "more than " + std::to_string(limits_.max_nodes) + " values"};
    if (levels_.empty()) {
      root = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == NodeKind::kList) {
      level.node.items.push_back(std::move(node));
    } else if (!level.has_key) {
      TakeKey(level, std::move(node));
    } else {
      level.node.entries.push_back({std::move(level.key), level.key_mark, std::move(node)});
      level.has_key = false;
    }
  }

  void TakeKey(Level& level, Node node) {
    if (node.kind != NodeKind::kText) {  // "null" and "~" are nothing, also as keys
      diagnostics_.Add(node.mark, 1, "a key must be a text, not " + std::string(node.KindText()), "a name followed by a colon");
    }
    for (const Node::Entry& entry : level.node.entries) {
      if (entry.key != node.text) continue;
      diagnostics_.Add(node.mark, node.text.size(),
                       "\"" + node.text + "\" is given twice; first on line " + std::to_string(entry.key_mark.line));
      break;
    }
    level.key = std::move(node.text);
    level.key_mark = node.mark;
    level.has_key = true;
  }

  Diagnostics& diagnostics_;
  const YamlLimits& limits_;
  std::vector<Level> levels_;
  std::size_t nodes_ = 0;
};

// The mark of the letter at `offset` of a | block whose header stands at node.mark.
Mark MarkInBlock(const Node& node, std::size_t offset, const Diagnostics& document) {
  const std::string_view before = std::string_view(node.text).substr(0, offset);
  std::size_t line_in_text = 0;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != '\n') continue;
    ++line_in_text;
    line_start = i + 1;
  }
  const std::size_t line = node.mark.line + 1 + line_in_text;
  const std::size_t end = node.text.find('\n', line_start);
  const std::string_view content =
      std::string_view(node.text).substr(line_start, end == std::string::npos ? end : end - line_start);
  const std::size_t at = document.Line(line).find(content);
  if (at == std::string_view::npos) return node.mark;
  return {line, at + offset - line_start + 1};
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string_view Node::KindText() const {
  switch (kind) {
    case NodeKind::kNull:
      return "nothing";
    case NodeKind::kText:
      return "a text";
    case NodeKind::kList:
      return "a list";
    case NodeKind::kMap:
      return "a map";
  }
  return "nothing";
}

Node ParseYaml(std::string_view text, Diagnostics& diagnostics, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    diagnostics.Add(
        {}, 1,
        "the document has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(limits.max_bytes) + " are read");
    return {};
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    diagnostics.Add({}, 1, "the document has a zero byte at " + std::to_string(nul) + ": it is no text");
    return {};
  }
  Builder builder(diagnostics, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Builder second(diagnostics, limits);
    if (parser.HandleNextDocument(second)) {
      diagnostics.Add(second.root.mark, 1, "a second document begins", "one document in a file");
    }
  } catch (const LimitPassed& limit) {
    diagnostics.Add(limit.mark, 1, limit.what);
  } catch (const YAML::Exception& error) {
    diagnostics.Add(ToMark(error.mark), 1, "this is not YAML: " + error.msg);
  }
  return std::move(builder.root);
}

Mark MarkInText(const Node& node, std::size_t offset, const Diagnostics& document) {
  if (node.kind != NodeKind::kText || node.mark.line == 0) return node.mark;
  if (node.style == TextStyle::kBlock) return MarkInBlock(node, offset, document);
  const std::string_view line = document.Line(node.mark.line);
  const std::size_t start = node.mark.column - 1 + (node.quoted() ? 1 : 0);
  // The letters up to here must be the document's own, without escapes or folded lines between.
  const std::string_view before = std::string_view(node.text).substr(0, offset);
  if (start > line.size() || line.substr(start, before.size()) != before) return node.mark;
  return {node.mark.line, start + offset + 1};
}

Result<std::string> ReadTextFile(const std::string& path, std::size_t max_bytes) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int reason = errno;
    return Fail(reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                path + ": cannot be opened: " + std::generic_category().message(reason));
  }
  std::string text;
  char block[65536];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes) return Fail(ErrorCode::kLimit, path + ": longer than " + std::to_string(max_bytes) + " bytes");
  }
  if (file.bad()) {
    const bool folder = std::filesystem::is_directory(path);
    return Fail(ErrorCode::kIo, path + (folder ? ": is a folder; name the files in it" : ": cannot be read"));
  }
  return text;
}

}  // namespace plumbline::config
