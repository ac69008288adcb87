// `plumbline explain ALERT_ID`: why an alert was told, from the engine's own logs.
#include <cstdio>
#include <map>

#include "engine/app/alert_history.h"
#include "engine/app/commands.h"
#include "engine/app/explain/explanation.h"
#include "engine/app/media.h"
#include "engine/app/progress.h"
#include "engine/base/clock.h"
#include "engine/model/decode.h"

namespace plumbline::app {
namespace {

struct Options {
  std::string config, alert, lang = "en";
  bool json = false, records = false, import = false;
};

// All lines of the alert's chain, and those of alerts that its own name.
Result<std::vector<std::string>> LinesOfChain(const config::Config& config, const AlertHistory& history) {
  const std::string& first = history.lines.front();
  const std::size_t at = first.find("\"chain\":\"");
  if (at == std::string::npos) return history.lines;
  const std::string chain = first.substr(at, 9 + 32 + 1);
  std::vector<std::string> lines;
  PLUMBLINE_TRY(ForEachAlertLine(config, [&](std::uint32_t, std::string_view line) {
    if (line.find(chain) != std::string_view::npos) lines.emplace_back(line);
  }));
  return lines;
}

// Reads the partition's input topics again for the records of the events, and compares their content.
Result<void> LookUp(const Options& o, const config::Config& config, std::uint32_t partition, Explanation& e, bool* differs) {
  constexpr std::size_t kPoll = 1000;
  PLUMBLINE_ASSIGN(const OpenedSource opened, OpenInputs(config, o.import, "reader"));
  io::Source& source = *opened.source;
  std::map<std::string, UsedEvent*> wanted;
  for (UsedEvent& u : e.events) wanted[u.id + "/" + std::to_string(u.version)] = &u;
  model::Decoder decoder;
  for (std::uint16_t topic = 0; topic < kInputTopics; ++topic) {
    PLUMBLINE_ASSIGN(const std::int64_t low, source.LowWatermark({topic, partition}));
    PLUMBLINE_ASSIGN(const std::int64_t end, source.EndOffset({topic, partition}));
    PLUMBLINE_TRY(source.Seek({topic, partition}, low));
    while (source.Position({topic, partition}) < end) {
      PLUMBLINE_ASSIGN(const auto records, source.Poll({topic, partition}, kPoll));
      for (const io::Record& r : records) {
        model::Event event;
        if (decoder.Decode(r.value, model::Encoding::kUnknown, event) != model::RejectReason::kNone) continue;
        const auto found = wanted.find(std::string(event.id) + "/" + std::to_string(event.version));
        if (found == wanted.end() || !found->second->found.empty()) continue;
        const bool same = Hash128{0, event.content.lo}.Hex().substr(16) == found->second->content;
        *differs = *differs || !same;
        found->second->found = source.TopicName(topic) + " partition " + std::to_string(partition) + " offset " +
                               std::to_string(r.offset) +
                               (same ? ", content as judged" : ", CONTENT DIFFERS from what was judged");
      }
    }
  }
  for (UsedEvent& u : e.events) {
    if (!u.found.empty()) continue;
    u.found = "its record is not in the log any more";
    *differs = true;
  }
  return {};
}

Result<void> ExplainAlert(const Options& o, bool* differs) {
  PLUMBLINE_ASSIGN(const config::Config config, config::LoadConfig(o.config));
  PLUMBLINE_ASSIGN(const AlertHistory history, ReadAlertHistory(config, o.alert));
  PLUMBLINE_ASSIGN(const auto lines, LinesOfChain(config, history));
  PLUMBLINE_ASSIGN(Explanation e, Explain(history.lines.front().substr(7, 32), lines));
  SystemClock clock;
  e.now = clock.WallMs();
  if (o.records) PLUMBLINE_TRY(LookUp(o, config, history.partition, e, differs));
  const std::string text = o.json ? AsJson(e) + "\n" : AsText(e, o.lang);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return {};
}

int Run(const Options& o) {
  bool differs = false;
  const auto done = ExplainAlert(o, &differs);
  const int code = Report(done);
  if (!done && done.error().code == ErrorCode::kNotFound) return kExitFindings;
  return code == kExitOk && differs ? kExitIntegrity : code;
}

}  // namespace

void AddExplain(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("explain", "Why an alert was told: rule, events, what was missing, its history");
  const auto o = std::make_shared<Options>();
  command->add_option("alert", o->alert, "The alert's id, or its first letters")->required();
  command->add_option("--config", o->config, "The site's configuration (YAML)")->required()->check(CLI::ExistingFile);
  command->add_option("--lang", o->lang, "en or zh")->capture_default_str()->check(CLI::IsMember({"en", "zh"}));
  command->add_flag("--json", o->json, "As one JSON object");
  command->add_flag("--records", o->records, "Read the events' records again and compare them with what was judged");
  command->add_flag("--import", o->import, "The topics hold an import");
  command->footer(
      "Examples:\n  plumbline explain 3f9a0c12 --config site.yaml\n  plumbline explain 3f9a0c12 --config site.yaml --lang zh "
      "--records\nExit codes: 1 no such alert; 3 a record is not what was judged.");
  command->callback([o, exit_code] { *exit_code = Run(*o); });
}

}  // namespace plumbline::app
