// `plumbline check` and `plumbline test`: what is wrong with packs and configuration, and whether the packs' own tests pass.
#include <cstdio>
#include <regex>
#include <sstream>

#include "engine/app/checks/pack_tests.h"
#include "engine/app/checks/scenario.h"
#include "engine/app/commands.h"
#include "engine/app/packs_in_force.h"
#include "engine/model/encode.h"

namespace plumbline::app {
namespace {

struct Options {
  std::string config;
  std::vector<std::string> packs;
  bool json = false;
};

Result<rules::Packs> Load(const Options& o) {
  if (o.config.empty()) return rules::LoadPacks(o.packs, {});
  PLUMBLINE_ASSIGN(config::Config config, config::LoadConfig(o.config));
  config.packs.insert(config.packs.end(), o.packs.begin(), o.packs.end());
  return LoadConfiguredPacks(config);
}

std::string Member(std::string_view name, std::string_view text) {
  std::string s = "\"" + std::string(name) + "\":";
  model::AppendJsonText(s, text);
  return s;
}

// Each mistake as shown: "file:line:column: error: what".
std::string MistakesJson(const Error& error) {
  static const std::regex head(R"(^(.*):(\d+):(\d+): error: (.*)$)");
  std::string list;
  std::istringstream lines(error.message);
  for (std::string line; std::getline(lines, line);) {
    std::smatch m;
    if (!std::regex_match(line, m, head)) continue;
    list += (list.empty() ? "{" : ",{") + Member("file", m[1].str()) + ",\"line\":" + m[2].str() + ",\"column\":" + m[3].str() +
            "," + Member("message", m[4].str()) + "}";
  }
  return "{\"ok\":false,\"code\":\"PL" + std::to_string(static_cast<int>(error.code)) + "\",\"mistakes\":[" + list + "]," +
         Member("text", error.message) + "}";
}

std::string PacksJson(const rules::Packs& packs) {
  std::string s = "{\"ok\":true,\"packs\":[";
  for (const rules::PackInfo& p : packs.packs) {
    if (s.back() != '[') s += ",";
    s += "{" + Member("id", p.id) + "," + Member("version", p.version) + ",\"title\":{" + Member("en", p.title_en) + "," +
         Member("zh", p.title_zh) + "}," + Member("sha256", DigestHex(p.digest)) + "," + Member("source", p.source_document) +
         "," + Member("effective", p.source_effective) + "," + Member("status", p.source_status) + "}";
  }
  s += "],\"rules\":[";
  for (const rule::Rule& r : packs.rules->rules) {
    const rules::Cost cost = rules::CostOf(r);
    if (s.back() != '[') s += ",";
    s += "{" + Member("id", r.id) + ",\"revision\":" + std::to_string(r.revision) + "," + Member("kind", r.kind_name) + "," +
         Member("pack", r.pack) + ",\"bytes_an_event\":" + std::to_string(cost.bytes_an_event) +
         ",\"payload\":" + (cost.payload ? "true" : "false") +
         ",\"keep_ms\":" + (cost.keep_ms == rule::kForever ? std::string("null") : std::to_string(cost.keep_ms)) + "}";
  }
  s += "],\"measures\":[";
  for (const rule::Measure& m : packs.rules->measures) {
    if (s.back() != '[') s += ",";
    s += "{" + Member("id", m.id) + "," + Member("of", packs.rules->rules[m.rule].id) + "}";
  }
  return s + "]}";
}

void PrintPacks(const rules::Packs& packs) {
  for (const rules::PackInfo& p : packs.packs) {
    std::printf("%s %s (%s) sha256 %s\n  source: %s, effective %s\n", p.id.c_str(), p.version.c_str(), p.title_en.c_str(),
                DigestHex(p.digest).substr(0, 16).c_str(), p.source_document.c_str(), p.source_effective.c_str());
    if (!p.source_status.empty()) std::printf("  status: %s\n", p.source_status.c_str());
  }
  for (const rule::Rule& r : packs.rules->rules)
    std::printf("  %-36s revision %u  %s\n", r.id.c_str(), r.revision, rules::CostText(r).c_str());
  for (const rule::Measure& m : packs.rules->measures)
    std::printf("  %-36s measure of %s\n", m.id.c_str(), packs.rules->rules[m.rule].id.c_str());
}

int Check(const Options& o) {
  const auto packs = Load(o);
  if (!packs) {
    if (o.json) std::printf("%s\n", MistakesJson(packs.error()).c_str());
    if (!o.json) std::fprintf(stderr, "%s\n", packs.error().message.c_str());
    return packs.error().code == ErrorCode::kConfig ? kExitFindings : kExitUsage;
  }
  if (o.json) std::printf("%s\n", PacksJson(*packs).c_str());
  if (!o.json) PrintPacks(*packs);
  return kExitOk;
}

struct Tally {
  std::size_t passed = 0, failed = 0;
  void Add(bool ok) { ++(ok ? passed : failed); }
};

bool IsScenario(const std::string& path) { return path.ends_with(".txt"); }

Result<void> TestScenarios(const std::vector<std::string>& files, const Options& o, Tally& tally) {
  for (const std::string& file : files) {
    PLUMBLINE_ASSIGN(const auto reports, PlayScenarioFile(file));
    for (const ScenarioReport& r : reports) {
      tally.Add(r.passed);
      if (o.json) {
        std::string line = "{\"file\":";
        model::AppendJsonText(line, file);
        line += ",\"scenario\":";
        model::AppendJsonText(line, r.title);
        line += ",\"passed\":" + std::string(r.passed ? "true" : "false") + ",\"difference\":";
        model::AppendJsonText(line, r.difference);
        std::printf("%s}\n", line.c_str());
      } else if (!r.passed) {
        std::printf("FAILED %s: %s\n%s\n", file.c_str(), r.title.c_str(), r.difference.c_str());
      }
    }
  }
  return {};
}

void TestPacks(const rules::Packs& packs, const Options& o, Tally& tally) {
  for (const PackTestReport& r : RunPackTests(packs)) {
    tally.Add(r.passed);
    if (o.json) {
      std::string line = "{\"rule\":";
      model::AppendJsonText(line, r.test->rule);
      line += ",\"test\":";
      model::AppendJsonText(line, r.test->name);
      line += ",\"passed\":" + std::string(r.passed ? "true" : "false") + ",\"difference\":";
      model::AppendJsonText(line, r.difference);
      std::printf("%s}\n", line.c_str());
    } else if (!r.passed) {
      std::printf("FAILED %s: %s (line %zu)\n%s\n", r.test->rule.c_str(), r.test->name.c_str(), r.test->mark.line,
                  r.difference.c_str());
    }
  }
}

int Test(Options o) {
  std::vector<std::string> scenarios;
  std::copy_if(o.packs.begin(), o.packs.end(), std::back_inserter(scenarios), IsScenario);
  std::erase_if(o.packs, IsScenario);
  Tally tally;
  if (!o.packs.empty() || !o.config.empty()) {
    const auto packs = Load(o);
    if (!packs) {
      std::fprintf(stderr, "%s\n", packs.error().message.c_str());
      return kExitUsage;
    }
    TestPacks(*packs, o, tally);
  }
  if (const auto played = TestScenarios(scenarios, o, tally); !played) {
    std::fprintf(stderr, "%s\n", played.error().message.c_str());
    return kExitUsage;
  }
  if (!o.json) std::printf("%zu passed, %zu failed\n", tally.passed, tally.failed);
  return tally.failed == 0 ? kExitOk : kExitFindings;
}

void AddOptions(CLI::App& command, Options& options) {
  command.add_option("packs", options.packs, "Rule packs (YAML)");
  command.add_option("--config", options.config, "A site's configuration; its packs are read too")->check(CLI::ExistingFile);
}

}  // namespace

void AddCheck(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("check", "Check rule packs and configuration; say what each rule costs");
  auto options = std::make_shared<Options>();
  AddOptions(*command, *options);
  command->add_flag("--json", options->json, "One JSON object: packs, rules, measures; or the mistakes");
  command->footer(
      "Examples:\n  plumbline check rules/packs/sepsis.yaml\n  plumbline check --config config/examples/embedded.yaml "
      "--json\nExit "
      "code 1: mistakes were found; they are shown with file, line and column.");
  command->callback([options, exit_code] { *exit_code = Check(*options); });
}

void AddTest(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("test", "Run the tests that rule packs carry, and scenario files");
  auto options = std::make_shared<Options>();
  AddOptions(*command, *options);
  command->add_flag("--json", options->json, "One JSON object a test");
  command->footer(
      "Examples:\n  plumbline test rules/packs/sepsis.yaml rules/packs/device_quality.yaml\n  plumbline test "
      "tests/run/scenarios.txt\nA file that ends in .txt is a scenario file. Exit code 1: a test failed.");
  command->callback([options, exit_code] { *exit_code = Test(*options); });
}

}  // namespace plumbline::app
