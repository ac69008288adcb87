// The text of a library or expression and what is said about it: positions, diagnostics with a caret, the nearest right name. A
// Source is immutable and outlives every syntax tree and program made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::cql {

class Source {
 public:
  Source(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view text() const { return text_; }

  struct Position {
    std::uint32_t line = 1;    // from 1
    std::uint32_t column = 1;  // from 1, in characters (UTF-8 sequences)
  };
  [[nodiscard]] Position PositionOf(std::uint32_t offset) const;
  [[nodiscard]] std::string_view Line(std::uint32_t line) const;  // without its line end

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> lines_;  // offsets of line starts
};

// A range of bytes of a source.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class DiagnosticKind : std::uint8_t { kLexical, kSyntax, kSemantic, kWarning };

struct Diagnostic {
  DiagnosticKind kind = DiagnosticKind::kSemantic;
  const Source* source = nullptr;
  Span span;
  std::string message;
  std::string hint;  // "did you mean ...", or empty
};

// Collects what is wrong with a text; past kMaximum the rest is only counted.
class Diagnostics {
 public:
  static constexpr std::size_t kMaximum = 50;

  void Add(Diagnostic diagnostic);
  [[nodiscard]] std::span<const Diagnostic> all() const { return all_; }
  [[nodiscard]] bool HasErrors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  // What is added now is not shown: no hint need be looked for.
  [[nodiscard]] bool Full() const { return all_.size() >= kMaximum; }
  // The worst earliest kind: a text that does not lex or parse has no meaning to be wrong about.
  [[nodiscard]] bool HasKind(DiagnosticKind kind) const;
  // As a compiler prints them: "file:line:column: error: ...", the line, a caret.
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

[[nodiscard]] std::string DiagnosticText(const Diagnostic& diagnostic);

// Collects candidates and keeps the one nearest to a misspelt name.
class NearestName {
 public:
  // `shown`: false where nobody will read the hint, so that no candidate need be looked at.
  explicit NearestName(std::string_view wanted, bool shown = true);
  void Offer(std::string_view candidate);
  // Empty where nothing is near enough to be what was meant.
  [[nodiscard]] const std::string& best() const { return best_; }
  [[nodiscard]] std::string Hint() const;  // "did you mean 'x'?" or empty

 private:
  std::string_view wanted_;
  std::string best_;
  std::size_t distance_;
  bool shown_;
};

}  // namespace plumbline::cql
