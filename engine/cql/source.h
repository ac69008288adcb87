// The text of a library or expression, and what is wrong with it. Messages are located and shown as compilers show them:
// file:line:column, the line, a caret, what was expected and the nearest right name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::cql {

inline constexpr std::size_t kMaxSourceBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMaxDiagnostics = 50;  // of one source; more would bury the first

// A half-open range of bytes of a source.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class Phase : std::uint8_t { kSyntax, kSemantic };
enum class Severity : std::uint8_t { kWarning, kError };

struct Diagnostic {
  Severity severity = Severity::kError;
  Phase phase = Phase::kSyntax;
  Span span;
  std::string message;
};

class SourceText {
 public:
  SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  // 1-based; columns count bytes.
  struct Place {
    std::size_t line = 1;
    std::size_t column = 1;
  };
  [[nodiscard]] Place PlaceOf(std::uint32_t offset) const;
  [[nodiscard]] std::string_view Line(std::size_t line) const;
  // "file:3:7: error: ...", the line and a caret under its place.
  [[nodiscard]] std::string Render(const Diagnostic& diagnostic) const;

 private:
  std::string name_;
  std::string text_;
};

class Diagnostics {
 public:
  void Error(Phase phase, Span span, std::string message) { Add({Severity::kError, phase, span, std::move(message)}); }
  void Warning(Span span, std::string message) { Add({Severity::kWarning, Phase::kSemantic, span, std::move(message)}); }
  [[nodiscard]] bool HasErrors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::span<const Diagnostic> all() const { return all_; }
  [[nodiscard]] std::string Render(const SourceText& source) const;

 private:
  void Add(Diagnostic diagnostic);
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

// The name of `known` nearest to `wanted`, empty when none is near.
[[nodiscard]] std::string NearestName(std::string_view wanted, std::span<const std::string_view> known);

}  // namespace plumbline::cql
