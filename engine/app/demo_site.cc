#include "engine/app/demo_site.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/yaml.h"

namespace plumbline::app {
namespace {

constexpr std::array<std::string_view, 5> kOwn = {"source", "log", "state", "lines", "packs"};
constexpr const char* kNote = ".plumbline-demo";

// The file without the entries that the demo sets itself, and what is indented below them.
std::string WithoutOwn(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  bool keep = true;
  for (std::string line; std::getline(lines, line);) {
    const bool begins = !line.empty() && line[0] != ' ' && line[0] != '-' && line[0] != '#';
    if (begins) keep = std::find(kOwn.begin(), kOwn.end(), line.substr(0, line.find(':'))) == kOwn.end();
    if (keep) out += line + "\n";
  }
  return out;
}

// A folder that holds anything but an earlier demo is not emptied.
Result<void> Empty(const std::filesystem::path& folder) {
  std::error_code error;
  const bool demo = std::filesystem::exists(folder / kNote, error) || std::filesystem::exists(folder / "alerts.jsonl", error);
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_empty(folder, error) && !demo) {
    return Fail(ErrorCode::kUsage,
                folder.string() + " holds files that no demo has written; choose another --folder or empty it");
  }
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (error) return Fail(ErrorCode::kIo, folder.string() + ": " + error.message() + "; choose a folder that may be written");
  return {};
}

Result<void> Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file) return Fail(ErrorCode::kIo, path.string() + ": cannot be written");
  return {};
}

}  // namespace

Result<std::string> WriteDemoSite(const std::string& config, const std::string& folder, const std::vector<std::string>& packs) {
  PLUMBLINE_ASSIGN(const std::string text, config::ReadTextFile(config));
  PLUMBLINE_TRY(Empty(folder));
  std::string site = WithoutOwn(text) + "source: log\nlog: {folder: log}\nstate: {folder: state}\npacks:\n";
  for (const std::string& pack : packs) site += "  - \"" + std::filesystem::absolute(pack).lexically_normal().string() + "\"\n";
  site += "lines:\n";
  for (const char* log : {"alerts", "measures", "dead_letters"})
    site += "  - {logs: [" + std::string(log) + "], path: " + log + ".jsonl}\n";
  const std::filesystem::path path = std::filesystem::path(folder) / "site.yaml";
  PLUMBLINE_TRY(Write(std::filesystem::path(folder) / kNote, "This folder is emptied by the next `plumbline demo`.\n"));
  PLUMBLINE_TRY(Write(path, site));
  return path.string();
}

}  // namespace plumbline::app
