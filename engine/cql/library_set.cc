#include <algorithm>
#include <charconv>

#include "engine/cql/compiler.h"
#include "engine/cql/parser.h"

namespace plumbline::cql {
namespace {

// "1.10.000" after "1.9.000": number by number, where both are numbers.
bool VersionLess(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const std::string_view part_a = a.substr(0, a.find('.'));
    const std::string_view part_b = b.substr(0, b.find('.'));
    a.remove_prefix(std::min(a.size(), part_a.size() + 1));
    b.remove_prefix(std::min(b.size(), part_b.size() + 1));
    if (part_a == part_b) continue;
    std::uint64_t number_a = 0;
    std::uint64_t number_b = 0;
    const auto end_a = std::from_chars(part_a.data(), part_a.data() + part_a.size(), number_a);
    const auto end_b = std::from_chars(part_b.data(), part_b.data() + part_b.size(), number_b);
    const bool numbers = end_a.ec == std::errc() && end_b.ec == std::errc() && end_a.ptr == part_a.data() + part_a.size() &&
                         end_b.ptr == part_b.data() + part_b.size();
    if (numbers && number_a != number_b) return number_a < number_b;
    if (!numbers) return part_a < part_b;
  }
  return false;
}

}  // namespace

std::string LibrarySet::Add(std::string text) {
  auto entry = std::make_unique<Entry>();
  entry->text = std::move(text);
  const Source source("library", entry->text);
  Diagnostics ignored;
  const SyntaxTree tree = ParseLibrary(source, &ignored);
  entry->name = tree.library_name.substr(tree.library_name.rfind('.') + 1);
  entry->version = tree.library_version;
  std::string name = entry->name;
  entries_.push_back(std::move(entry));
  return name;
}

const std::string* LibrarySet::Find(std::string_view name, std::string_view version) const {
  const Entry* best = nullptr;
  for (const auto& entry : entries_) {
    if (entry->name != name || (!version.empty() && entry->version != version)) continue;
    if (best == nullptr || VersionLess(best->version, entry->version)) best = entry.get();
  }
  return best == nullptr ? nullptr : &best->text;
}

std::vector<std::string> LibrarySet::Versions(std::string_view name) const {
  std::vector<std::string> versions;
  for (const auto& entry : entries_) {
    if (entry->name == name) versions.push_back(entry->version);
  }
  std::ranges::sort(versions, VersionLess);
  return versions;
}

std::vector<std::string> LibrarySet::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) {
    if (std::ranges::find(names, entry->name) == names.end()) names.push_back(entry->name);
  }
  return names;
}

}  // namespace plumbline::cql
