// Formatting keeps what a library means and what its author said: the formatted text has the same syntax tree and the same
// comments, and formatting it again changes nothing; on the public suite's expressions, on published libraries, and on random
// ones.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "engine/cql/format.h"
#include "engine/cql/lexer.h"
#include "engine/cql/parser.h"
#include "engine/cql/suite.h"
#include "rules/measure/measure.h"
#include "tests/cql/random_program_support.h"
#include "tests/cql/syntax_text_support.h"

namespace plumbline::cql {
namespace {

// The text of a comment without the spaces before line ends and of indentation, which are the layout's.
std::string Comments(const Source& source) {
  Diagnostics diagnostics;
  std::string all;
  for (const Token& comment : Lex(source, &diagnostics).comments) {
    std::istringstream lines{std::string(comment.text)};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t first = line.find_first_not_of(" \t\r");
      if (first != std::string::npos) all += line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
      all += '\n';
    }
  }
  return all;
}

// Whether it is a library at all; then it is checked.
bool CheckFormat(const std::string& text) {
  Diagnostics diagnostics;
  const Source source("original", text);
  const auto formatted = FormatLibrary(source, &diagnostics);
  if (!formatted) return false;
  INFO(text << "\n---- is formatted as\n" << *formatted);
  const Source result("formatted", *formatted);
  const SyntaxTree before = ParseLibrary(source, &diagnostics);
  const SyntaxTree after = ParseLibrary(result, &diagnostics);
  CHECK_FALSE(diagnostics.HasErrors());
  CHECK(SyntaxText(after) == SyntaxText(before));
  CHECK(Comments(result) == Comments(source));
  CHECK(FormatLibrary(result, &diagnostics) == formatted);
  return true;
}

std::filesystem::path Shared(const char* folder) {
  const char* shared = std::getenv("PLUMBLINE_SHARED");
  return std::filesystem::path(shared != nullptr ? shared : "../shared") / folder;
}

std::string FileText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

TEST_CASE("formatting keeps the meaning of the public suite's expressions", "[cql][format]") {
  if (!std::filesystem::is_directory(Shared("cql-tests"))) {
    WARN("SKIPPED (shared data) the public suite: it is not there");
    return;
  }
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Shared("cql-tests"))) {
    if (entry.path().extension() != ".xml") continue;
    const auto file = ReadSuite(entry.path().filename().string(), FileText(entry.path()));
    REQUIRE(file.has_value());
    for (const SuiteTest& test : file->tests) checked += CheckFormat("define X: " + test.expression + "\n") ? 1 : 0;
  }
  CHECK(checked > 1'200);
}

TEST_CASE("formatting keeps the meaning and the comments of published libraries", "[cql][format]") {
  if (!std::filesystem::is_directory(Shared("ecqm"))) {
    WARN("SKIPPED (shared data) the published measures: they are not there");
    return;
  }
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Shared("ecqm"))) {
    if (!entry.is_directory()) continue;
    const auto measure = rules::LoadMeasure(FileText(entry.path() / "measure-bundle.json"));
    REQUIRE(measure.has_value());
    for (const rules::LibraryText& library : measure->libraries) {
      CHECK(CheckFormat(library.cql));
      ++checked;
    }
  }
  CHECK(checked > 50);
}

// The text with comments, line breaks and spaces between its tokens, as people might have written it.
std::string Scattered(const std::string& text, std::mt19937_64* random) {
  constexpr const char* kBetween[] = {
      "  ", "\n", "\t", " /* why */ ", " // to the end\n", "\n\n\n    ", "\n// own\n", " /* a\n  b */\n"};
  Diagnostics diagnostics;
  const Source source("random", text);
  std::string out;
  std::size_t at = 0;
  for (const Token& token : Lex(source, &diagnostics).tokens) {
    if (token.kind == TokenKind::kEnd) break;
    const bool apart = token.span.begin > at;
    if (apart && (*random)() % 4 == 0) {
      out += kBetween[(*random)() % std::size(kBetween)];
    } else {
      out += text.substr(at, token.span.begin - at);
    }
    out += token.text;
    at = token.span.end;
  }
  return out + "\n";
}

TEST_CASE("formatting keeps the meaning and the comments of random libraries", "[cql][format]") {
  const char* given = std::getenv("PLUMBLINE_SEED");
  const std::uint64_t seed = given == nullptr ? 20251126 : std::strtoull(given, nullptr, 10);
  WARN("seed " << seed);
  std::mt19937_64 random(seed);
  const Draw draw = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  for (int i = 0; i < 300; ++i) {
    const std::string library = RandomLibrary(draw, 4);
    REQUIRE(CheckFormat(library));
    REQUIRE(CheckFormat(Scattered(library, &random)));
  }
}

}  // namespace
}  // namespace plumbline::cql
