#include "engine/run/sources.h"

#include <charconv>

namespace plumbline::run {
namespace {

constexpr std::string_view kWord = "sources";

}  // namespace

std::string EncodeSources(std::span<const std::uint16_t> topics) {
  std::string out(kWord);
  for (const auto topic : topics) out += " " + std::to_string(topic);
  return out;
}

std::optional<std::vector<std::uint16_t>> DecodeSources(std::string_view payload) {
  if (!payload.starts_with(kWord)) return std::nullopt;
  payload.remove_prefix(kWord.size());
  std::vector<std::uint16_t> topics;
  while (!payload.empty()) {
    if (payload.front() != ' ') return std::nullopt;
    std::uint16_t topic = 0;
    const auto parsed = std::from_chars(payload.data() + 1, payload.data() + payload.size(), topic);
    if (parsed.ec != std::errc()) return std::nullopt;
    if (!topics.empty() && topic <= topics.back()) return std::nullopt;
    topics.push_back(topic);
    payload.remove_prefix(static_cast<std::size_t>(parsed.ptr - payload.data()));
  }
  return topics;
}

}  // namespace plumbline::run
