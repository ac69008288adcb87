// The command that replaces the set of input topics: an import has ended, live topics begin. Its payload, kept in the journal and
// given to the machine, is text: "sources" and the topics' numbers, ascending, each after one blank.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::run {

[[nodiscard]] std::string EncodeSources(std::span<const std::uint16_t> topics);
// Nothing for any other command.
[[nodiscard]] std::optional<std::vector<std::uint16_t>> DecodeSources(std::string_view payload);

}  // namespace plumbline::run
