#include <string>

#include <catch2/catch.hpp>

#include "config/yaml.h"

namespace plumbline::config {
namespace {

struct Parsed {
  Diagnostics diagnostics;
  Node root;
};

Parsed Parse(const std::string& text, const YamlLimits& limits = {}) {
  Parsed parsed{Diagnostics("a.yaml", text), {}};
  parsed.root = ParseYaml(text, parsed.diagnostics, limits);
  return parsed;
}

TEST_CASE("every node of a document knows its line and column") {
  const Parsed p = Parse("a: 1\nb:\n  - x\n  - {c: \"two\", d: ~}\n");
  REQUIRE(p.diagnostics.empty());
  const Node* a = p.root.Find("a");
  REQUIRE(a != nullptr);
  REQUIRE(a->mark.line == 1);
  REQUIRE(a->mark.column == 4);
  const Node* b = p.root.Find("b");
  REQUIRE(b->items.size() == 2);
  REQUIRE(b->items[0].mark.line == 3);
  REQUIRE(b->items[0].mark.column == 5);
  const Node* c = b->items[1].Find("c");
  REQUIRE(c->mark.line == 4);
  REQUIRE(c->mark.column == 9);
  REQUIRE(c->style == TextStyle::kDoubleQuoted);
  REQUIRE(b->items[1].Find("d")->kind == NodeKind::kNull);
  REQUIRE(p.root.entries[1].key_mark.line == 2);
  REQUIRE(p.root.Find("z") == nullptr);
}

TEST_CASE("a key given twice is an error that names both places") {
  const Parsed p = Parse("rules:\n  - id: a\n    kind: check\n    id: b\n");
  const std::string shown = p.diagnostics.Render();
  INFO(shown);
  REQUIRE(shown.find("a.yaml:4:5: error: \"id\" is given twice; first on line 2") != std::string::npos);
}

TEST_CASE("broken YAML is shown with its line and a caret") {
  const Parsed p = Parse("a: 1\nb: [1, 2\nc: 3\n");
  const std::string shown = p.diagnostics.Render();
  INFO(shown);
  REQUIRE_FALSE(p.diagnostics.empty());
  REQUIRE(shown.find("this is not YAML") != std::string::npos);
  REQUIRE(shown.find("a.yaml:3:") != std::string::npos);
  REQUIRE(shown.find("    3 | c: 3") != std::string::npos);
  REQUIRE(shown.find("^") != std::string::npos);
}

TEST_CASE("a key is a text: nothing, a list or a map is refused") {
  for (const char* text : {"null: 1\n", "[a]: 1\n", "{a: 1}: 2\n"}) {
    INFO(text);
    REQUIRE(Parse(text).diagnostics.Render().find("a key must be a text") != std::string::npos);
  }
}

TEST_CASE("anchors, aliases and second documents are refused") {
  REQUIRE(Parse("a: &x 1\nb: *x\n").diagnostics.Render().find("aliases are not taken here") != std::string::npos);
  REQUIRE(Parse("a: &x 1\n").diagnostics.Render().find("anchors are not taken here") != std::string::npos);
  REQUIRE(Parse("a: 1\n---\nb: 2\n").diagnostics.Render().find("a second document begins") != std::string::npos);
}

TEST_CASE("depth, size and number of values are limited") {
  const std::string deep(200, '[');
  REQUIRE(Parse(deep + std::string(200, ']')).diagnostics.Render().find("nested deeper than 64 levels") != std::string::npos);
  YamlLimits limits;
  limits.max_nodes = 10;
  REQUIRE(Parse("[1,2,3,4,5,6,7,8,9,10,11]", limits).diagnostics.Render().find("more than 10 values") != std::string::npos);
  limits.max_bytes = 5;
  REQUIRE(Parse("[1,2,3]", limits).diagnostics.Render().find("at most 5 are read") != std::string::npos);
  REQUIRE(Parse(std::string("a: \0b", 5)).diagnostics.Render().find("zero byte") != std::string::npos);
}

TEST_CASE("a letter of a text is found in the document whatever the text's style") {
  const std::string text =
      "plain: D.value > 5\n"
      "quoted: \"D.value > 5\"\n"
      "block: |\n"
      "  exists A\n"
      "    where B > 5\n";
  const Parsed p = Parse(text);
  REQUIRE(p.diagnostics.empty());
  for (const char* key : {"plain", "quoted", "block"}) {
    const Node* node = p.root.Find(key);
    const Mark mark = MarkInText(*node, node->text.find('>'), p.diagnostics);
    INFO(key);
    REQUIRE(p.diagnostics.Line(mark.line).at(mark.column - 1) == '>');
  }
  const Parsed folded = Parse("a: >\n  one\n  two\n");
  const Mark mark = MarkInText(*folded.root.Find("a"), 5, folded.diagnostics);
  REQUIRE(mark.line == 1);
}

TEST_CASE("the caret stands below its letter, also after tabs and letters of several bytes") {
  Diagnostics d("a.yaml", "\ttitle: 脓毒症 x\n");
  d.Add({1, 19}, 1, "here");
  const std::string shown = d.Render();
  INFO(shown);
  REQUIRE(shown.find("     | \t           ^\n") != std::string::npos);
}

TEST_CASE("many errors are shown in the order of the document, and the rest is counted") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "x\n";
  Diagnostics d("a.yaml", text);
  for (std::size_t line = 40; line > 0; --line) d.Add({line, 1}, 1, "bad " + std::to_string(line));
  const std::string shown = d.Render();
  REQUIRE(shown.find("bad 1\n") < shown.find("bad 2\n"));
  REQUIRE(shown.find("bad 21\n") == std::string::npos);
  REQUIRE(shown.find("... and 20 more\n40 errors") != std::string::npos);
}

TEST_CASE("the nearest right name is the one a hand meant") {
  const std::string_view names[] = {"future", "kinds", "old", "source", "timeout", "usual_delay"};
  REQUIRE(NearestName("futur", names) == "future");
  REQUIRE(NearestName("Sorce", names) == "source");
  REQUIRE(NearestName("tiemout", names) == "timeout");
  REQUIRE(NearestName("usualdelay", names) == "usual_delay");
  REQUIRE(NearestName("colour", names).empty());
  REQUIRE(NearestName("", names).empty());
}

TEST_CASE("a file that is not there is named") {
  const auto text = ReadTextFile("no/such/file.yaml");
  REQUIRE_FALSE(text.has_value());
  REQUIRE(text.error().code == ErrorCode::kNotFound);
  REQUIRE(text.error().message.find("no/such/file.yaml") != std::string::npos);
}

}  // namespace
}  // namespace plumbline::config
