// The number of workers and the instruction set change no byte: what a partition does depends on its inputs alone.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/state/store.h"
#include "tests/program/installation.h"

namespace plumbline::program {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kStreams = 5;  // partitions: no multiple of the workers

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// The simulated hospital with its packs, on `workers` workers, in a folder of its own beside the others.
std::string Configured(const Installation& site, const std::string& name, int workers) {
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
std::map<std::string, std::string> Outputs(const fs::path& log) {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::recursive_directory_iterator(log)) {
    const std::string path = fs::relative(file.path(), log).string();
    if (file.is_regular_file() && path.ends_with(".seg") && path.starts_with("plumbline.out."))
      files[path] = ReadFile(file.path());
  }
  return files;
}

std::string WindowOf(std::string_view line) {
  const std::size_t counts = std::min(line.find(",\"n\":"), line.find(",\"events\":"));
  REQUIRE(counts != std::string_view::npos);
  return std::string(line.substr(0, counts));
}

// What stage two says of each window last. How often it speaks of one that is still growing goes by the wall clock.
std::map<std::string, std::string> LastOfEachWindow(const std::string& log) {
  std::map<std::string, std::string> last;
  io::LocalLogSource source(io::PosixFileSystem(), log, {"plumbline.units.measures"});
  for (auto records = Need(source.Poll({0, 0}, 1000)); !records.empty(); records = Need(source.Poll({0, 0}, 1000))) {
    for (const io::Record& r : records) last[WindowOf(AsText(r.value))] = std::string(AsText(r.value));
  }
  return last;
}

// Every journal entry of a run, by partition.
std::vector<std::vector<std::string>> Journal(const std::string& state) {
  const auto store = Need(state::Store::Open({.path = state + "/patients"}));
  std::vector<std::vector<std::string>> entries(kStreams);
  for (std::uint32_t p = 0; p < kStreams; ++p) {
    const std::uint64_t last = Need(store->LastEntry(p));
    for (std::uint64_t number = 1; number <= last; ++number) entries[p].push_back(Need(store->ReadEntry(p, number)).value());
  }
  return entries;
}

test::Output RunOn(const Installation& site, const std::string& config, const std::vector<std::string>& environment = {}) {
  return site.Run({"run", "--config", config, "--import", "--until-end", "--close", "--quiet", "--json"}, environment);
}

}  // namespace

TEST_CASE(
    "one worker and three, with and without the wide instructions, give the same alerts, measures and journal byte for byte") {
  const Installation site;
  const auto made = site.Run({"generate", "--log", site.Path("one/log"), "--partitions", std::to_string(kStreams), "--patients",
                              "60", "--duration", "8 hours", "--seed", "7", "--quiet"});
  INFO(made.text);
  REQUIRE(made.exit_code == 0);
  const std::vector<std::string> masked = {"GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2"};
  const std::string one = Configured(site, "one", 1), three = Configured(site, "three", 3),
                    narrow = Configured(site, "narrow", 3);
  for (const char* other : {"three", "narrow"}) {
    fs::create_directories(site.Path(other));
    fs::copy(site.Path("one/log"), site.Path(std::string(other) + "/log"), fs::copy_options::recursive);
  }
  for (const auto& [config, environment] : {std::pair{one, std::vector<std::string>{}}, {three, {}}, {narrow, masked}}) {
    const auto ran = RunOn(site, config, environment);
    INFO(ran.text);
    REQUIRE(ran.exit_code == 0);
  }
  const auto expected = Outputs(site.Path("one/log"));
  std::size_t alerts = 0;
  for (const auto& [path, bytes] : expected) alerts += path.starts_with("plumbline.out.alerts") ? bytes.size() : 0;
  CHECK(alerts > 10'000);
  const auto windows = LastOfEachWindow(site.Path("one/log"));
  CHECK(windows.size() > 20);
  const auto journal = Journal(site.Path("one/state"));
  for (const auto& entries : journal) CHECK(entries.size() > 1);
  for (const char* name : {"three", "narrow"}) {
    CAPTURE(name);
    const auto got = Outputs(site.Path(std::string(name) + "/log"));
    REQUIRE(got.size() == expected.size());
    for (const auto& [path, bytes] : expected) {
      CAPTURE(path);
      CHECK((got.at(path) == bytes));
    }
    CHECK(LastOfEachWindow(site.Path(std::string(name) + "/log")) == windows);
    CHECK((Journal(site.Path(std::string(name) + "/state")) == journal));
  }
  // A run on three workers is replayed as one of one worker.
  const auto replayed = site.Run({"replay", "--config", one, "--import", "--json"});
  CHECK(replayed.exit_code == 0);
  CHECK(site.Run({"replay", "--config", three, "--import", "--json"}, masked).text == replayed.text);
}

}  // namespace plumbline::program
