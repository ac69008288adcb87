#include "engine/cql/fhir/json_cursor.h"

#include <simdjson.h>

#include <algorithm>

namespace plumbline::cql::fhir {
namespace {

constexpr std::size_t kLeastCapacity = 4096;

bool ReadHex(std::string_view text, std::size_t at, std::uint32_t* out) {
  if (at + 4 > text.size()) return false;
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  *out = value;
  return true;
}

void AppendUtf8(std::uint32_t code, std::string* out) {
  const auto put = [out](std::uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// \uXXXX at `at`, with the second half of a surrogate pair where there is one; *at moves past it.
bool ReadUnicode(std::string_view text, std::size_t* at, std::string* out) {
  std::uint32_t code = 0;
  if (!ReadHex(text, *at, &code)) return false;
  *at += 4;
  if (code >= 0xDC00 && code <= 0xDFFF) return false;
  if (code >= 0xD800 && code <= 0xDBFF) {
    std::uint32_t low = 0;
    if (text.substr(*at, 2) != "\\u" || !ReadHex(text, *at + 2, &low) || low < 0xDC00 || low > 0xDFFF) return false;
    *at += 6;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  AppendUtf8(code, out);
  return true;
}

}  // namespace

bool JsonCursor::Skip() {
  std::uint64_t objects[kDeepest / 64] = {};  // a bit a level: whether it is an object
  std::uint32_t depth = 0;
  bool key = false;
  for (;;) {
    if (key) {
      if (!Take('"') || !Take(':')) return false;
    }
    const char c = Peek();
    if (c == '{' || c == '[') {
      if (depth == kDeepest) return false;
      const std::uint64_t bit = std::uint64_t{1} << (depth % 64);
      objects[depth / 64] = c == '{' ? objects[depth / 64] | bit : objects[depth / 64] & ~bit;
      ++depth;
      ++at_;
      key = c == '{';
      if (!Take(key ? '}' : ']')) continue;
      --depth;
    } else if (AtValue()) {
      ++at_;
    } else {
      return false;
    }
    // After a value: what closes, until a comma goes on.
    for (;;) {
      if (depth == 0) return true;
      key = (objects[(depth - 1) / 64] >> ((depth - 1) % 64) & 1) != 0;
      if (Take(',')) break;
      if (!Take(key ? '}' : ']')) return false;
      --depth;
    }
  }
}

struct JsonIndex::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {}
JsonIndex::~JsonIndex() = default;

Result<JsonCursor> JsonIndex::Scan(std::string_view text, Arena* arena) {
  auto& stages = parser_->stages;
  const auto refuse = [](simdjson::error_code code) { return Fail(ErrorCode::kParse, simdjson::error_message(code)); };
  if (stages == nullptr || stages->capacity() < text.size()) {
    const std::size_t capacity = std::max({kLeastCapacity, text.size(), stages == nullptr ? 0 : 2 * stages->capacity()});
    const auto code = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, stages);
    if (code != simdjson::SUCCESS) return refuse(code);
  }
  const auto code =
      stages->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS) return refuse(code);
  const std::uint32_t count = stages->n_structural_indexes;
  auto* places = arena->AllocateArray<std::uint32_t>(count + 1);
  std::copy(stages->structural_indexes.get(), stages->structural_indexes.get() + count, places);
  places[count] = static_cast<std::uint32_t>(text.size());
  return JsonCursor(text.data(), places, count);
}

bool UnescapeJson(std::string_view text, std::string* out) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  out->clear();
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out->push_back(text[i++]);
      continue;
    }
    if (i + 1 >= text.size()) return false;
    const char kind = text[i + 1];
    i += 2;
    if (kind == 'u') {
      if (!ReadUnicode(text, &i, out)) return false;
      continue;
    }
    const std::size_t which = kEscapes.find(kind);
    if (which == std::string_view::npos) return false;
    out->push_back(kMeant[which]);
  }
  return true;
}

}  // namespace plumbline::cql::fhir
