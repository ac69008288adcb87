#include "engine/cql/source.h"

#include <algorithm>
#include <cctype>

namespace plumbline::cql {
namespace {

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Levenshtein distance without regard to case.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t change = diagonal + (Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1);
      row[j] = std::min({change, above + 1, row[j - 1] + 1});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

SourceText::Place SourceText::PlaceOf(std::uint32_t offset) const {
  const std::string_view before = std::string_view(text_).substr(0, offset);
  Place place;
  place.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
  const std::size_t start = before.rfind('\n');
  place.column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return place;
}

std::string_view SourceText::Line(std::size_t line) const {
  std::string_view rest = text_;
  for (std::size_t i = 1; i < line; ++i) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::string SourceText::Render(const Diagnostic& diagnostic) const {
  const Place place = PlaceOf(diagnostic.span.begin);
  const std::string_view line = Line(place.line);
  std::string out = name_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  out += diagnostic.severity == Severity::kError ? "error: " : "warning: ";
  out += diagnostic.message + "\n  " + std::string(line) + "\n  ";
  for (std::size_t i = 1; i < place.column && i <= line.size(); ++i) out += line[i - 1] == '\t' ? '\t' : ' ';
  const std::size_t length = std::max<std::size_t>(diagnostic.span.end - diagnostic.span.begin, 1);
  const std::size_t room = line.size() + 1 > place.column ? line.size() + 1 - place.column : 1;
  out += '^' + std::string(std::min(length, room) - 1, '~') + "\n";
  return out;
}

void Diagnostics::Add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) ++errors_;
  if (all_.size() < kMaxDiagnostics) all_.push_back(std::move(diagnostic));
}

std::string Diagnostics::Render(const SourceText& source) const {
  std::string out;
  for (const Diagnostic& diagnostic : all_) out += source.Render(diagnostic);
  if (errors_ > kMaxDiagnostics) out += std::to_string(errors_) + " errors in all\n";
  return out;
}

std::string NearestName(std::string_view wanted, std::span<const std::string_view> known) {
  std::string nearest;
  std::size_t best = wanted.size() / 3 + 2;
  for (const std::string_view name : known) {
    if (name.size() > wanted.size() + best || wanted.size() > name.size() + best) continue;
    const std::size_t distance = Distance(wanted, name);
    if (distance >= best) continue;
    best = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace plumbline::cql
