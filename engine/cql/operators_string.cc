// Strings. Positions count characters from 0. Regular expressions are RE2's: linear time, no look-around, no back-references; a
// pattern it does not take is a run-time error. Matches() means the whole string.
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "engine/cql/operators_internal.h"
#include "engine/cql/string_ops.h"

namespace plumbline::cql::ops {
namespace {

Value CombineOf(EvalContext& ctx, const Value* a, std::size_t count) {
  if (a[0].IsNull() || (count > 1 && a[1].IsNull())) return {};
  std::string out;
  bool any = false;
  for (const Value& item : a[0].list()) {
    if (!item.Is(Tag::kString)) continue;
    if (any && count > 1) out += a[1].string();
    out += item.string();
    any = true;
    if (out.size() > ctx.limits.string_size) break;
  }
  return any ? CopyString(ctx, out) : Value();
}

Value ConcatenateOf(EvalContext& ctx, const Value* a, std::size_t) {
  const std::string_view x = a[0].string(), y = a[1].string();
  if (y.empty()) return a[0];
  if (x.empty()) return a[1];
  if (x.size() + y.size() > ctx.limits.string_size) return ctx.Fail(EvalErrorKind::kLimit, "a string is longer than the limit");
  if (!ctx.Step()) return {};
  char* out = ctx.arena.AllocateArray<char>(x.size() + y.size());
  std::copy(x.begin(), x.end(), out);
  std::copy(y.begin(), y.end(), out + x.size());
  return Value::String({out, x.size() + y.size()});
}

Value StartsWithOf(EvalContext&, const Value* a, std::size_t) { return Value::Boolean(a[0].string().starts_with(a[1].string())); }
Value EndsWithOf(EvalContext&, const Value* a, std::size_t) { return Value::Boolean(a[0].string().ends_with(a[1].string())); }
Value LowerOf(EvalContext& ctx, const Value* a, std::size_t) { return CopyString(ctx, ToLower(a[0].string())); }
Value UpperOf(EvalContext& ctx, const Value* a, std::size_t) { return CopyString(ctx, ToUpper(a[0].string())); }

Value LengthOf(EvalContext&, const Value* a, std::size_t) {
  return Value::Integer(static_cast<std::int32_t>(CountCharacters(a[0].string())));
}

Value IndexerOf(EvalContext&, const Value* a, std::size_t) {
  const std::string_view text = a[0].string();
  if (a[1].integer() < 0) return {};
  const auto at = ByteOfCharacter(text, static_cast<std::size_t>(a[1].integer()));
  if (!at || *at >= text.size()) return {};
  return Value::String(text.substr(*at, CharacterBytes(text, *at)));
}

Value PositionIn(std::string_view text, std::size_t at) {
  if (at == std::string_view::npos) return Value::Integer(-1);
  return Value::Integer(static_cast<std::int32_t>(CountCharacters(text.substr(0, at))));
}

Value PositionOfOf(EvalContext&, const Value* a, std::size_t) {
  return PositionIn(a[1].string(), a[1].string().find(a[0].string()));
}
Value LastPositionOfOf(EvalContext&, const Value* a, std::size_t) {
  return PositionIn(a[1].string(), a[1].string().rfind(a[0].string()));
}

// Substring(text, start[, length]): null for a start outside the text; an omitted or null length means to the end.
Value SubstringOf(EvalContext&, const Value* a, std::size_t count) {
  if (!a[0].Is(Tag::kString) || !a[1].Is(Tag::kInteger)) return {};
  const std::string_view text = a[0].string();
  if (a[1].integer() < 0) return {};
  const auto start = ByteOfCharacter(text, static_cast<std::size_t>(a[1].integer()));
  if (!start || (*start == text.size() && a[1].integer() > 0)) return {};
  std::string_view rest = text.substr(*start);
  if (count > 2 && a[2].Is(Tag::kInteger)) {
    if (a[2].integer() < 0) return {};
    rest = rest.substr(0, ByteOfCharacter(rest, static_cast<std::size_t>(a[2].integer())).value_or(rest.size()));
  }
  return Value::String(rest);
}

// Without a separator the text is the only part.
Value SplitOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (!a[0].Is(Tag::kString)) return {};
  std::string_view text = a[0].string();
  if (!a[1].Is(Tag::kString) || a[1].string().empty()) return MakeList(ctx, {a, 1});
  const std::string_view separator = a[1].string();
  std::vector<Value> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(Value::String(text.substr(0, at)));
    if (at == std::string_view::npos || parts.size() >= ctx.limits.list_size) break;
    text.remove_prefix(at + separator.size());
  }
  return MakeList(ctx, parts);
}

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

re2::RE2::Options Options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(4 << 20);
  return options;
}

// Patterns are nearly always literals, so each thread keeps those it compiled; a full cache is emptied. Null, and the reason in
// the context, where it is no pattern or too long a one.
const re2::RE2* Compiled(EvalContext& ctx, std::string_view text) {
  constexpr std::size_t kMostPatterns = 64;
  constexpr std::size_t kLongestPattern = 8192;
  if (text.size() > kLongestPattern) {
    (void)ctx.Fail(EvalErrorKind::kLimit, "a regular expression has at most " + std::to_string(kLongestPattern) + " bytes");
    return nullptr;
  }
  thread_local std::map<std::string, std::unique_ptr<re2::RE2>, std::less<>> cache;
  auto found = cache.find(text);
  if (found == cache.end()) {
    if (cache.size() >= kMostPatterns) cache.clear();
    found = cache.emplace(std::string(text), std::make_unique<re2::RE2>(Piece(text), Options())).first;
  }
  const re2::RE2* pattern = found->second.get();
  if (pattern->ok()) return pattern;
  (void)ctx.Fail(EvalErrorKind::kValue, "this regular expression is not supported: " + pattern->error());
  return nullptr;
}

// Java's and CQL's \$ and $1 in a replacement as RE2's \1.
std::string Replacement(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      const char next = text[++i];
      if (next == '\\') out += '\\';
      out += next;
    } else if (c == '$' && i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9') {
      out += '\\';
      out += text[++i];
    } else {
      out += c;
    }
  }
  return out;
}

// The most that replacing can make of a text of that size: every match writes the rewrite's own text, and the groups it names
// are parts of matches, which do not overlap.
std::size_t MostReplaced(std::size_t size, std::string_view rewrite) {
  const auto groups = static_cast<std::size_t>(std::count(rewrite.begin(), rewrite.end(), '\\'));
  return (size + 1) * rewrite.size() + size * (groups + 1);
}

Value MatchesOf(EvalContext& ctx, const Value* a, std::size_t) {
  const re2::RE2* pattern = Compiled(ctx, a[1].string());
  if (pattern == nullptr) return {};
  return Value::Boolean(re2::RE2::FullMatch(Piece(a[0].string()), *pattern));
}

Value ReplaceMatchesOf(EvalContext& ctx, const Value* a, std::size_t) {
  const re2::RE2* pattern = Compiled(ctx, a[1].string());
  if (pattern == nullptr) return {};
  const std::string rewrite = Replacement(a[2].string());
  std::string why;
  if (!pattern->CheckRewriteString(rewrite, &why))
    return ctx.Fail(EvalErrorKind::kValue, "the replacement does not fit its pattern: " + why);
  if (MostReplaced(a[0].string().size(), rewrite) > ctx.limits.string_size) {
    return ctx.Fail(EvalErrorKind::kLimit, "a replacement could be longer than the limit of a string");
  }
  std::string text(a[0].string());
  re2::RE2::GlobalReplace(&text, *pattern, rewrite);
  return CopyString(ctx, text);
}

Value SplitOnMatchesOf(EvalContext& ctx, const Value* a, std::size_t) {
  if (!a[0].Is(Tag::kString)) return {};
  if (!a[1].Is(Tag::kString)) return MakeList(ctx, {a, 1});
  const re2::RE2* pattern = Compiled(ctx, a[1].string());
  if (pattern == nullptr) return {};
  const std::string_view text = a[0].string();
  std::vector<Value> parts;
  std::size_t from = 0, search = 0;
  re2::StringPiece match;
  while (search <= text.size() && parts.size() < ctx.limits.list_size &&
         pattern->Match(Piece(text), search, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto at = static_cast<std::size_t>(match.data() - text.data());
    if (match.empty()) {
      search = at + 1;
      continue;
    }
    parts.push_back(Value::String(text.substr(from, at - from)));
    from = search = at + match.size();
  }
  parts.push_back(Value::String(text.substr(from)));
  return MakeList(ctx, parts);
}

constexpr OperatorEntry kRows[] = {
    {"Add", "(String, String): String", N<ConcatenateOf>, kNullPropagating},
    {"Combine", "(List<String>): String", CombineOf, 0},
    {"Combine", "(List<String>, String): String", CombineOf, 0},
    {"Concatenate", "(String, String): String", N<ConcatenateOf>, kNullPropagating},
    {"EndsWith", "(String, String): Boolean", N<EndsWithOf>, kNullPropagating},
    {"Indexer", "(String, Integer): String", N<IndexerOf>, kNullPropagating},
    {"LastPositionOf", "(String, String): Integer", N<LastPositionOfOf>, kNullPropagating},
    {"Length", "(String): Integer", N<LengthOf>, kNullPropagating},
    {"Lower", "(String): String", N<LowerOf>, kNullPropagating},
    {"Matches", "(String, String): Boolean", N<MatchesOf>, kNullPropagating},
    {"PositionOf", "(String, String): Integer", N<PositionOfOf>, kNullPropagating},
    {"ReplaceMatches", "(String, String, String): String", N<ReplaceMatchesOf>, kNullPropagating},
    {"Split", "(String, String): List<String>", SplitOf, 0},
    {"SplitOnMatches", "(String, String): List<String>", SplitOnMatchesOf, 0},
    {"StartsWith", "(String, String): Boolean", N<StartsWithOf>, kNullPropagating},
    {"Substring", "(String, Integer): String", SubstringOf, 0},
    {"Substring", "(String, Integer, Integer): String", SubstringOf, 0},
    {"Upper", "(String): String", N<UpperOf>, kNullPropagating},
};

}  // namespace

std::span<const OperatorEntry> StringOperators() { return kRows; }

}  // namespace plumbline::cql::ops
