// Mistakes in a document that people wrote (configuration, rule pack, mapping), shown as compilers show them, several at once:
//
//   site.yaml:12:7: error: there is no "futur" in a feed; did you mean "future"?
//      12 |       futur: 5 minutes
//         |       ^~~~~
//         = expected one of: future, kinds, old, source, timeout, usual_delay
//
// Filled by whoever reads the document; used on the thread that loads it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::config {

// Lines and columns count from 1; a column is a byte of the line. 0: not known.
struct Mark {
  std::size_t line = 0;
  std::size_t column = 0;
};

struct Diagnostic {
  Mark mark;
  std::size_t length = 1;  // of the underlined text, in bytes
  std::string message;
  std::string expected;  // empty where there is nothing to add
};

class Diagnostics {
 public:
  // `text` is the whole document, kept for showing its lines.
  Diagnostics(std::string file, std::string text);

  void Add(Diagnostic diagnostic);
  void Add(Mark mark, std::size_t length, std::string message, std::string expected = {}) {
    Add({mark, length, std::move(message), std::move(expected)});
  }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  // In the order of the document.
  [[nodiscard]] std::vector<Diagnostic> Sorted() const;
  // All of them as people see them, at most kMaxShown, with a closing line that counts the rest.
  [[nodiscard]] std::string Render() const;
  // kConfig with Render() as its text.
  [[nodiscard]] Error ToError() const;
  // The document's line without its line end; empty beyond its end.
  [[nodiscard]] std::string_view Line(std::size_t line) const;
  [[nodiscard]] const std::string& file() const { return file_; }

  static constexpr std::size_t kMaxShown = 20;
  static constexpr std::size_t kMaxKept = 1000;

 private:
  void RenderOne(const Diagnostic& diagnostic, std::string& out) const;

  std::string file_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<Diagnostic> all_;
  std::size_t dropped_ = 0;
};

// The candidate with the fewest edits (insert, drop, change, swap neighbours; case does not count) from `name`, if there is one
// near enough to be what was meant; empty otherwise. Ties go to the first in alphabetical order.
[[nodiscard]] std::string_view NearestName(std::string_view name, std::span<const std::string_view> candidates);

// `; did you mean "x"?` or nothing.
[[nodiscard]] std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates);

// "a, b, c", sorted.
[[nodiscard]] std::string JoinNames(std::span<const std::string_view> names);

}  // namespace plumbline::config
