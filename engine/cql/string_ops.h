// Strings as CQL sees them: sequences of Unicode code points in UTF-8. Malformed bytes count as one character each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace plumbline::cql {

[[nodiscard]] std::size_t CountCharacters(std::string_view text);
// Byte position of a character; the size for the position just past the end; nullopt beyond.
[[nodiscard]] std::optional<std::size_t> ByteOfCharacter(std::string_view text, std::size_t character);
[[nodiscard]] std::size_t CharacterBytes(std::string_view text, std::size_t at);  // of the character at this byte
// One-to-one case mapping of ASCII, Latin, Greek and Cyrillic letters, independent of locale.
[[nodiscard]] std::string ToLower(std::string_view text);
[[nodiscard]] std::string ToUpper(std::string_view text);
// Ignoring case, and what kind of white space it is.
[[nodiscard]] bool EquivalentStrings(std::string_view a, std::string_view b);
// '\'' and the like, for use between single quotes.
[[nodiscard]] std::string EscapeString(std::string_view text);

}  // namespace plumbline::cql
