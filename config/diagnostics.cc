#include "config/diagnostics.h"

#include <algorithm>
#include <cctype>

namespace plumbline::config {
namespace {

constexpr std::size_t kMaxNameForDistance = 64;

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Optimal string alignment distance, case folded.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]);
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

Diagnostics::Diagnostics(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

void Diagnostics::Add(Diagnostic diagnostic) {
  if (all_.size() == kMaxKept) {
    ++dropped_;
    return;
  }
  all_.push_back(std::move(diagnostic));
}

std::string_view Diagnostics::Line(std::size_t line) const {
  if (line == 0 || line > line_starts_.size()) return {};
  const std::size_t start = line_starts_[line - 1];
  std::size_t end = line < line_starts_.size() ? line_starts_[line] - 1 : text_.size();
  if (end > start && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(start, end - start);
}

std::vector<Diagnostic> Diagnostics::Sorted() const {
  std::vector<Diagnostic> sorted = all_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.mark.line != b.mark.line ? a.mark.line < b.mark.line : a.mark.column < b.mark.column;
  });
  return sorted;
}

void Diagnostics::RenderOne(const Diagnostic& diagnostic, std::string& out) const {
  const auto [line, column] = diagnostic.mark;
  out += file_;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  out += ": error: " + diagnostic.message + "\n";
  std::string gutter(5, ' ');
  if (line > 0) {
    const std::string_view source = Line(line);
    const std::string number = std::to_string(line);
    gutter.assign(std::max<std::size_t>(5, number.size() + 1), ' ');
    out += gutter.substr(number.size()) + number + " | " + std::string(source) + "\n";
    out += gutter + " | ";
    // Tabs stay tabs, so that the caret stands below its letter; bytes inside a UTF-8 letter take no column.
    const std::size_t at = std::min(column == 0 ? 0 : column - 1, source.size());
    const auto inside_letter = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    for (const char c : source.substr(0, at)) {
      if (!inside_letter(c)) out += c == '\t' ? '\t' : ' ';
    }
    out += '^';
    const std::string_view marked = source.substr(at, diagnostic.length);
    const auto letters = std::count_if(marked.begin(), marked.end(), [&](char c) { return !inside_letter(c); });
    if (letters > 1) out.append(static_cast<std::size_t>(letters - 1), '~');
    out += "\n";
  }
  if (!diagnostic.expected.empty()) out += gutter + " = expected " + diagnostic.expected + "\n";
}

std::string Diagnostics::Render() const {
  std::string out;
  const std::vector<Diagnostic> sorted = Sorted();
  for (std::size_t i = 0; i < sorted.size() && i < kMaxShown; ++i) RenderOne(sorted[i], out);
  const std::size_t total = all_.size() + dropped_;
  if (total > kMaxShown) out += "... and " + std::to_string(total - kMaxShown) + " more\n";
  out += std::to_string(total) + (total == 1 ? " error" : " errors");
  return out;
}

Error Diagnostics::ToError() const { return {ErrorCode::kConfig, Render()}; }

std::string_view NearestName(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  if (name.size() > kMaxNameForDistance) return best;
  // A third of the letters may be wrong, one at least.
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kMaxNameForDistance) continue;
    const std::size_t distance = Distance(name, candidate);
    if (distance < least || (distance == least && !best.empty() && candidate < best)) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string_view nearest = NearestName(name, candidates);
  return nearest.empty() ? std::string() : "; did you mean \"" + std::string(nearest) + "\"?";
}

std::string JoinNames(std::span<const std::string_view> names) {
  std::vector<std::string_view> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (const std::string_view name : sorted) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

}  // namespace plumbline::config
