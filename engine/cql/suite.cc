#include "engine/cql/suite.h"

#include <algorithm>
#include <pugixml.hpp>

#include "engine/cql/arena.h"
#include "engine/cql/compare.h"
#include "engine/cql/compiler.h"
#include "engine/cql/literal.h"
#include "engine/cql/program.h"

namespace plumbline::cql {
namespace {

constexpr std::size_t kMaxSuiteBytes = std::size_t{64} << 20;

// Evaluates one expression in an evaluation of its own.
struct Outcome {
  Value value;
  std::string error;  // of compiling or evaluating; empty: none
  bool compiled = false;
};

class Judge {
 public:
  explicit Judge(const SuiteOptions& options) {
    if (const auto instant = ParseDateTime(options.instant)) {
      now_ = Value::OfTemporal(*instant);
      offset_ = instant->HasOffset() ? instant->offset_minutes : 0;
    }
  }

  // The value lives as long as the judge and `compiled`.
  Outcome Run(const std::string& text, std::string_view what, Compiled* compiled) {
    Outcome outcome;
    *compiled = CompileExpression(text, std::string(what), {});
    if (!compiled->ok()) {
      outcome.error = compiled->diagnostics.Text();
      return outcome;
    }
    outcome.compiled = true;
    EvalContext ctx(arena_);
    Prepare(&ctx);
    Evaluation evaluation(*compiled->program);
    evaluation.Begin(ctx);
    outcome.value = evaluation.Evaluate(0);
    if (ctx.Failed()) outcome.error = "run-time error: " + std::string(ctx.error_message);
    return outcome;
  }

  bool Same(const Value& a, const Value& b) {
    EvalContext ctx(arena_);
    Prepare(&ctx);
    return SameValue(ctx, a, b);
  }

 private:
  void Prepare(EvalContext* ctx) const {
    ctx->now = now_;
    ctx->default_offset = offset_;
  }

  Arena arena_;
  Value now_;
  int offset_ = 0;
};

void Collect(const pugi::xml_node& node, const std::string& group, std::vector<SuiteTest>* tests) {
  for (const pugi::xml_node& child : node.children()) {
    const std::string_view kind = child.name();
    if (kind == "group") {
      Collect(child, child.attribute("name").as_string(), tests);
    } else if (kind == "test") {
      SuiteTest test;
      test.group = group;
      test.name = child.attribute("name").as_string();
      const pugi::xml_node expression = child.child("expression");
      test.expression = expression.text().as_string();
      test.invalid = expression.attribute("invalid").as_string();
      if (test.invalid == "false") test.invalid.clear();
      for (const pugi::xml_node& output : child.children("output")) test.outputs.emplace_back(output.text().as_string());
      tests->push_back(std::move(test));
    }
  }
}

std::string Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  std::string out;
  for (const char c : text.substr(begin, end - begin + 1)) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) out += c;
    if (space && !out.ends_with(' ')) out += ' ';
  }
  return out;
}

std::string Padded(std::string_view text, std::size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string Right(std::size_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

}  // namespace

Result<SuiteFile> ReadSuite(std::string name, std::string_view xml) {
  if (xml.size() > kMaxSuiteBytes)
    return Fail(ErrorCode::kLimit, name + ": longer than " + std::to_string(kMaxSuiteBytes) + " bytes");
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) return Fail(ErrorCode::kParse, name + ": at byte " + std::to_string(parsed.offset) + ": " + parsed.description());
  const pugi::xml_node root = document.child("tests");
  if (!root) return Fail(ErrorCode::kParse, name + ": there is no <tests> element");
  SuiteFile file;
  file.name = std::move(name);
  Collect(root, "", &file.tests);
  return file;
}

SuiteResult RunSuiteTest(const SuiteTest& test, const SuiteOptions& options) {
  SuiteResult result;
  Judge judge(options);
  Compiled compiled;
  const Outcome outcome = judge.Run(test.expression, "expression", &compiled);
  result.got = !outcome.error.empty() ? outcome.error : ToLiteral(outcome.value);
  if (!test.invalid.empty()) {
    // A text that does not compile never runs: for "true" either end will do.
    result.expected = test.invalid == "true" ? "a run-time error" : "a " + test.invalid + " error";
    result.passed = !outcome.error.empty() && (test.invalid == "true" || !outcome.compiled);
    return result;
  }
  for (const std::string& output : test.outputs) {
    Compiled compiled_output;
    const Outcome wanted = judge.Run(output, "output", &compiled_output);
    if (!result.expected.empty()) result.expected += " or ";
    result.expected += wanted.error.empty() ? ToLiteral(wanted.value) : wanted.error;
    if (outcome.error.empty() && wanted.error.empty() && judge.Same(outcome.value, wanted.value)) result.passed = true;
  }
  if (test.outputs.empty()) result.expected = "(the test states no output)";
  return result;
}

std::size_t SuiteFileReport::passed() const {
  return static_cast<std::size_t>(std::ranges::count_if(results, [](const SuiteResult& result) { return result.passed; }));
}

SuiteFileReport RunSuite(SuiteFile file, const SuiteOptions& options) {
  SuiteFileReport report;
  for (const SuiteTest& test : file.tests) report.results.push_back(RunSuiteTest(test, options));
  report.file = std::move(file);
  return report;
}

std::string SuiteTable(const std::vector<SuiteFileReport>& reports) {
  constexpr std::size_t kNumberWidth = 8;
  std::size_t width = 5;
  for (const SuiteFileReport& report : reports) width = std::max(width, report.file.name.size());
  std::string text = Padded("file", width) + "   tests  passed  failed\n";
  std::size_t tests = 0;
  std::size_t passed = 0;
  const auto line = [&](std::string_view name, std::size_t all, std::size_t good) {
    text += Padded(name, width) + Right(all, kNumberWidth) + Right(good, kNumberWidth) + Right(all - good, kNumberWidth) + "\n";
  };
  for (const SuiteFileReport& report : reports) {
    line(report.file.name, report.results.size(), report.passed());
    tests += report.results.size();
    passed += report.passed();
  }
  line("total", tests, passed);
  return text;
}

std::string SuiteFailures(const std::vector<SuiteFileReport>& reports) {
  std::string text;
  for (const SuiteFileReport& report : reports) {
    for (std::size_t i = 0; i < report.results.size(); ++i) {
      const SuiteResult& result = report.results[i];
      if (result.passed) continue;
      const SuiteTest& test = report.file.tests[i];
      text += "FAILED " + report.file.name + " " + test.group + "/" + test.name + "\n  expression: " + Trimmed(test.expression) +
              "\n  expected:   " + Trimmed(result.expected) + "\n  got:        " + Trimmed(result.got) + "\n";
    }
  }
  return text;
}

std::string SuiteClosing(const std::vector<SuiteFileReport>& reports) {
  std::size_t tests = 0;
  std::size_t passed = 0;
  for (const SuiteFileReport& report : reports) {
    tests += report.results.size();
    passed += report.passed();
  }
  return std::to_string(passed) + " passed, " + std::to_string(tests - passed) + " failed";
}

std::string SuiteJUnit(const std::vector<SuiteFileReport>& reports) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("testsuites");
  for (const SuiteFileReport& report : reports) {
    pugi::xml_node suite = root.append_child("testsuite");
    suite.append_attribute("name") = report.file.name.c_str();
    suite.append_attribute("tests") = static_cast<unsigned>(report.results.size());
    suite.append_attribute("failures") = static_cast<unsigned>(report.results.size() - report.passed());
    for (std::size_t i = 0; i < report.results.size(); ++i) {
      const SuiteTest& test = report.file.tests[i];
      pugi::xml_node item = suite.append_child("testcase");
      item.append_attribute("classname") = (report.file.name + "." + test.group).c_str();
      item.append_attribute("name") = test.name.c_str();
      if (report.results[i].passed) continue;
      pugi::xml_node failure = item.append_child("failure");
      failure.append_attribute("message") = ("expected " + Trimmed(report.results[i].expected)).c_str();
      failure.text() = ("got " + report.results[i].got).c_str();
    }
  }
  struct Writer : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
  } writer;
  document.save(writer, "  ");
  return writer.text;
}

}  // namespace plumbline::cql
