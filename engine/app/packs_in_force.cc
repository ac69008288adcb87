#include "engine/app/packs_in_force.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace plumbline::app {
namespace {

constexpr std::string_view kNote = "packs";  // a line for each: digest, blank, file

Result<std::vector<rules::PackText>> ReadFiles(const config::Config& config) {
  std::vector<rules::PackText> texts;
  for (const std::string& file : config.packs) {
    PLUMBLINE_ASSIGN(std::string text, config::ReadTextFile(file));
    texts.push_back({file, std::move(text)});
  }
  return texts;
}

Result<bool> HasBegun(state::Store& store) {
  // Partition 0 is always there, and every partition takes a tick or a record soon.
  PLUMBLINE_ASSIGN(const std::uint64_t last, store.LastEntry(0));
  return last > 0;
}

std::string NoteOf(const std::vector<rules::PackText>& texts) {
  std::string note;
  for (const rules::PackText& t : texts) note += DigestHex(Sha256Of(t.text)) + " " + t.file + "\n";
  return note;
}

Result<Digest> DigestOfHex(const std::string& hex) {
  Digest d{};
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  if (hex.size() != 2 * d.size())
    return Fail(ErrorCode::kIntegrity, "the note of the run's packs is damaged; restore the state folder");
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = static_cast<std::byte>(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
  return d;
}

Result<std::vector<rules::PackText>> ReadStored(state::Store& store, const std::string& note) {
  std::vector<rules::PackText> texts;
  std::istringstream lines(note);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.find(' ');
    PLUMBLINE_ASSIGN(const Digest digest, DigestOfHex(line.substr(0, blank)));
    PLUMBLINE_ASSIGN(auto bytes, store.GetArtefact(digest));
    if (!bytes || blank == std::string::npos) {
      return Fail(ErrorCode::kIntegrity,
                  "the state folder lacks the pack that the run began with (" + line + "); restore it from a copy");
    }
    texts.push_back({line.substr(blank + 1), *std::move(bytes)});
  }
  return texts;
}

}  // namespace

rules::PackOptions PackOptionsOf(const config::Config& config) {
  rules::PackOptions o;
  for (const config::SiteConfig& site : config.sites) {
    for (const config::FeedConfig& feed : site.feeds) {
      if (feed.heartbeats) o.feeds.push_back(site.site + "/" + feed.source);
    }
  }
  return o;
}

Result<rules::Packs> LoadConfiguredPacks(const config::Config& config) {
  for (const std::string& pack : config.packs) {
    if (!std::filesystem::exists(pack))
      return Fail(ErrorCode::kConfig,
                  config.file + ": \"packs\" names " + pack + ": No such file; correct the path or remove it");
  }
  return rules::LoadPacks(config.packs, PackOptionsOf(config));
}

run::CompilePack PackCompiler(const config::Config& config) {
  return [options = PackOptionsOf(config)](const std::string& name, const std::string& text) -> Result<rule::RuleSet> {
    PLUMBLINE_ASSIGN(const rules::Packs packs, rules::ReadPack(name, text, options));
    return *packs.rules;
  };
}

Result<rules::Packs> PacksInForce(const config::Config& config, state::Store& store, std::vector<std::string>* changed) {
  PLUMBLINE_ASSIGN(const auto note, store.GetNote(kNote));
  PLUMBLINE_ASSIGN(const bool begun, HasBegun(store));
  if (!note || !begun) {
    PLUMBLINE_ASSIGN(const auto texts, ReadFiles(config));
    for (const rules::PackText& t : texts) PLUMBLINE_TRY(store.PutArtefact(t.text));
    PLUMBLINE_TRY(store.PutNote(kNote, NoteOf(texts)));
    return rules::ReadPacks(texts, PackOptionsOf(config));
  }
  PLUMBLINE_ASSIGN(const auto texts, ReadStored(store, *note));
  for (const std::string& file : config.packs) {
    const auto now = config::ReadTextFile(file);
    const bool same = now && std::any_of(texts.begin(), texts.end(), [&](const rules::PackText& t) { return t.text == *now; });
    if (!same && changed != nullptr) changed->push_back(file);
  }
  return rules::ReadPacks(texts, PackOptionsOf(config));
}

}  // namespace plumbline::app
