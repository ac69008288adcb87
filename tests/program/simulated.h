// The simulated hospital with its packs as an installation, and what a run of the program leaves behind.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/state/store.h"
#include "tests/program/installation.h"

namespace plumbline::program {

namespace fs = std::filesystem;

inline constexpr std::uint32_t kStreams = 5;  // partitions: no multiple of the workers

inline std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// The simulated hospital with its packs, on `workers` workers, in a folder of its own beside the others.
inline std::string Configured(const Installation& site, const std::string& name, int workers) {
  std::string text = ReadFile("config/examples/simulated.yaml");
  text = Replaced(text, "log: {folder: ../../out/simulated/log}", "log: {folder: " + name + "/log}");
  text = Replaced(text, "state: {folder: ../../out/simulated/state}", "state: {folder: " + name + "/state, checkpoint: 50 ms}");
  text = Replaced(text, "http: {port: 9464}", "http: off");
  text = Replaced(text, "partitions: 4", "partitions: " + std::to_string(kStreams) + "\nworkers: " + std::to_string(workers));
  const std::string packs = fs::absolute("rules/packs").string();
  text += "packs: [" + packs + "/sepsis.yaml, " + packs + "/device_quality.yaml]\n";
  site.WriteFile(name + ".yaml", text);
  return site.Path(name + ".yaml");
}

// Every output of stage one: the bytes of each file of the output logs, by its path.
inline std::map<std::string, std::string> Outputs(const fs::path& log) {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::recursive_directory_iterator(log)) {
    const std::string path = fs::relative(file.path(), log).string();
    if (file.is_regular_file() && path.ends_with(".seg") && path.starts_with("plumbline.out."))
      files[path] = ReadFile(file.path());
  }
  return files;
}

// The same joined by identity: (log, partition, entry, index) to time, key and bytes; no name comes twice.
inline std::map<std::string, std::string> Effects(const std::string& log) {
  std::map<std::string, std::string> effects;
  for (const char* name : {"alerts", "measures", "dead_letters", "audit"}) {
    io::LocalLogSource source(io::PosixFileSystem(), log, {std::string("plumbline.out.") + name});
    for (std::uint32_t p = 0; p < kStreams; ++p) {
      for (auto records = Need(source.Poll({0, p}, 1000)); !records.empty(); records = Need(source.Poll({0, p}, 1000))) {
        for (const io::Record& r : records) {
          const auto id = io::EffectIdOf(r.headers);
          REQUIRE(id);
          const std::string key =
              std::string(name) + "/" + std::to_string(p) + "/" + std::to_string(id->entry) + "/" + std::to_string(id->index);
          const std::string bytes =
              std::to_string(r.timestamp_ms) + " " + std::string(AsText(r.key)) + " " + std::string(AsText(r.value));
          REQUIRE(effects.emplace(key, bytes).second);
        }
      }
    }
  }
  return effects;
}

// A line up to its counts. A window that is still growing may have too few cases to be told.
inline std::string WindowOf(std::string_view line) {
  const std::size_t counts = std::min({line.find(",\"n\":"), line.find(",\"n_below\":"), line.find(",\"events\":")});
  REQUIRE(counts != std::string_view::npos);
  return std::string(line.substr(0, counts));
}

// What stage two says of each window last. How often it speaks of one that is still growing goes by the wall clock.
inline std::map<std::string, std::string> LastOfEachWindow(const std::string& log) {
  std::map<std::string, std::string> last;
  io::LocalLogSource source(io::PosixFileSystem(), log, {"plumbline.units.measures"});
  for (auto records = Need(source.Poll({0, 0}, 1000)); !records.empty(); records = Need(source.Poll({0, 0}, 1000))) {
    for (const io::Record& r : records) last[WindowOf(AsText(r.value))] = std::string(AsText(r.value));
  }
  return last;
}

// Every journal entry of a run, by partition.
inline std::vector<std::vector<std::string>> Journal(const std::string& state) {
  const auto store = Need(state::Store::Open({.path = state + "/patients"}));
  std::vector<std::vector<std::string>> entries(kStreams);
  for (std::uint32_t p = 0; p < kStreams; ++p) {
    const std::uint64_t last = Need(store->LastEntry(p));
    for (std::uint64_t number = 1; number <= last; ++number) entries[p].push_back(Need(store->ReadEntry(p, number)).value());
  }
  return entries;
}

inline test::Output RunOn(const Installation& site, const std::string& config, const std::vector<std::string>& environment = {}) {
  return site.Run({"run", "--config", config, "--import", "--until-end", "--close", "--quiet", "--json"}, environment);
}

}  // namespace plumbline::program
