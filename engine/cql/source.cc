#include "engine/cql/source.h"

#include <algorithm>
#include <cctype>

namespace plumbline::cql {
namespace {

constexpr std::size_t kMaxNameCompared = 64;
constexpr std::size_t kMaxLineShown = 200;

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Edit distance, letters of different case counting as equal; names are short.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t replace = diagonal + (Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, replace});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string_view KindText(DiagnosticKind kind) {
  switch (kind) {
    case DiagnosticKind::kLexical:
      return "error: ";
    case DiagnosticKind::kSyntax:
      return "syntax error: ";
    case DiagnosticKind::kSemantic:
      return "error: ";
    case DiagnosticKind::kWarning:
      return "warning: ";
  }
  return "error: ";
}

}  // namespace

Source::Source(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  lines_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') lines_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

Source::Position Source::PositionOf(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const std::uint32_t start = *(after - 1);
  std::uint32_t column = 1;
  for (std::uint32_t i = start; i < offset; ++i) {
    if (!Continues(text_[i])) ++column;
  }
  return {.line = static_cast<std::uint32_t>(after - lines_.begin()), .column = column};
}

std::string_view Source::Line(std::uint32_t line) const {
  if (line == 0 || line > lines_.size()) return {};
  std::string_view rest = text();
  rest = rest.substr(lines_[line - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

void Diagnostics::Add(Diagnostic diagnostic) {
  if (diagnostic.kind != DiagnosticKind::kWarning) ++errors_;
  if (all_.size() < kMaximum) all_.push_back(std::move(diagnostic));
}

bool Diagnostics::HasKind(DiagnosticKind kind) const {
  return std::ranges::any_of(all_, [kind](const Diagnostic& d) { return d.kind == kind; });
}

std::string Diagnostics::Text() const {
  std::string text;
  for (const Diagnostic& diagnostic : all_) text += DiagnosticText(diagnostic);
  if (errors_ > all_.size()) text += "and " + std::to_string(errors_ - all_.size()) + " more errors\n";
  return text;
}

std::string DiagnosticText(const Diagnostic& diagnostic) {
  std::string text;
  if (diagnostic.source == nullptr) return std::string(KindText(diagnostic.kind)) + diagnostic.message + "\n";
  const Source& source = *diagnostic.source;
  const Source::Position at = source.PositionOf(diagnostic.span.begin);
  text += source.name() + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
  text += KindText(diagnostic.kind);
  text += diagnostic.message;
  if (!diagnostic.hint.empty()) text += "; " + diagnostic.hint;
  text += '\n';
  const std::string_view line = source.Line(at.line);
  if (line.size() > kMaxLineShown) return text;
  text += "  " + std::string(line) + "\n  ";
  std::uint32_t column = 1;
  for (const char c : line) {
    if (column >= at.column) break;
    if (Continues(c)) continue;
    text += c == '\t' ? '\t' : ' ';
    ++column;
  }
  text += '^';
  const std::uint32_t length = diagnostic.span.end > diagnostic.span.begin ? diagnostic.span.end - diagnostic.span.begin : 1;
  const std::size_t room = line.size() > at.column ? line.size() - at.column : 0;
  text += std::string(std::min<std::size_t>(length - 1, room), '~');
  text += '\n';
  return text;
}

NearestName::NearestName(std::string_view wanted, bool shown)
    : wanted_(wanted), distance_(std::max<std::size_t>(2, wanted.size() / 3) + 1), shown_(shown) {}

void NearestName::Offer(std::string_view candidate) {
  if (!shown_ || candidate.size() > kMaxNameCompared || wanted_.size() > kMaxNameCompared) return;
  const std::size_t difference =
      candidate.size() > wanted_.size() ? candidate.size() - wanted_.size() : wanted_.size() - candidate.size();
  if (difference >= distance_) return;
  const std::size_t distance = Distance(wanted_, candidate);
  if (distance >= distance_ || distance >= std::max<std::size_t>(candidate.size(), 2)) return;
  distance_ = distance;
  best_ = candidate;
}

std::string NearestName::Hint() const { return best_.empty() ? std::string() : "did you mean '" + best_ + "'?"; }

}  // namespace plumbline::cql
