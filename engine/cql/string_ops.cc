#include "engine/cql/string_ops.h"

#include <algorithm>

namespace plumbline::cql {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t SequenceBytes(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t wanted = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (at + wanted > text.size()) return 1;
  for (std::size_t i = 1; i < wanted; ++i) {
    if (!IsContinuation(text[at + i])) return 1;
  }
  return wanted;
}

char32_t LowerOf(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) || (c >= 0x410 && c <= 0x42F))
    return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  const bool even = (c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481);
  if (even && c % 2 == 0) return c + 1;
  if (((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) && c % 2 == 1) return c + 1;
  if (c == 0x178) return 0xFF;
  return c;
}

char32_t UpperOf(char32_t c) {
  if (c >= 'a' && c <= 'z') return c - 32;
  if (c == 0xFF) return 0x178;
  if ((c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F))
    return c - 32;
  if (c >= 0x450 && c <= 0x45F) return c - 80;
  const bool odd = (c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481);
  if (odd && c % 2 == 1) return c - 1;
  if (((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) && c % 2 == 0) return c - 1;
  return c;
}

void AppendUtf8(std::string* out, char32_t c) {
  out->push_back(static_cast<char>(0xC0 | (c >> 6)));
  out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
}

// Letters with a case pair here are of one or two bytes, and so is their pair.
template <typename Map>
std::string MapCase(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = SequenceBytes(text, i);
    const auto lead = static_cast<unsigned char>(text[i]);
    if (bytes == 1) {
      out.push_back(lead < 0x80 ? static_cast<char>(map(lead)) : text[i]);
    } else if (bytes == 2) {
      AppendUtf8(&out, map((static_cast<char32_t>(lead & 0x1F) << 6) | (static_cast<unsigned char>(text[i + 1]) & 0x3F)));
    } else {
      out.append(text.substr(i, bytes));
    }
    i += bytes;
  }
  return out;
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::size_t CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); i += SequenceBytes(text, i)) ++count;
  return count;
}

std::optional<std::size_t> ByteOfCharacter(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  for (; character > 0 && at < text.size(); --character) at += SequenceBytes(text, at);
  return character == 0 ? std::optional(at) : std::nullopt;
}

std::size_t CharacterBytes(std::string_view text, std::size_t at) { return SequenceBytes(text, at); }
std::string ToLower(std::string_view text) { return MapCase(text, LowerOf); }
std::string ToUpper(std::string_view text) { return MapCase(text, UpperOf); }

bool EquivalentStrings(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::string x = ToLower(a), y = ToLower(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](char p, char q) { return p == q || (IsSpace(p) && IsSpace(q)); });
}

std::string EscapeString(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\'':
        out += "\\'";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

}  // namespace plumbline::cql
