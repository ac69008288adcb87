// `plumbline control`: what people decide while the engine runs, written to the control topic. The engine takes it in order,
// journals it, and answers on the audit log.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "engine/app/alert_history.h"
#include "engine/app/commands.h"
#include "engine/app/media.h"
#include "engine/app/packs_in_force.h"
#include "engine/app/progress.h"
#include "engine/model/iso_time.h"
#include "engine/run/control.h"

namespace plumbline::app {
namespace {

constexpr std::int64_t kMinute = 60'000;

struct Options {
  std::string config, by, alert, rule, site, pack_file, pack, from, until, text, to, at;
  int wait_s = 0;
  run::ControlKind kind = run::ControlKind::kComment;
};

Result<std::int64_t> TimeOf(const std::string& text, const char* option) {
  const auto time = model::ParseTime(text);
  if (!time) return Fail(ErrorCode::kUsage, std::string(option) + " " + text + " is no time; as 2026-01-31T16:10:00+08:00");
  return time->time;
}

std::string User() {
  const char* user = std::getenv("USER");
  return user == nullptr ? "" : user;
}

Result<run::Control> ControlOf(const Options& o, std::int64_t now_ms) {
  run::Control c;
  c.kind = o.kind;
  c.by = o.by.empty() ? User() : o.by;
  if (c.by.empty()) return Fail(ErrorCode::kUsage, "say who decides this: --by NAME");
  c.rule = o.rule;
  c.site = o.site;
  c.text = o.text;
  c.to = o.to;
  if (o.kind == run::ControlKind::kActivate) {
    c.pack_name = o.pack_file;
    PLUMBLINE_ASSIGN(c.pack_text, config::ReadTextFile(o.pack_file));
  } else {
    c.pack_name = o.pack;
  }
  if (!o.from.empty()) {
    PLUMBLINE_ASSIGN(c.from, TimeOf(o.from, "--from"));
  } else if (o.kind == run::ControlKind::kActivate || o.kind == run::ControlKind::kRetire) {
    c.from = (now_ms / kMinute + 2) * kMinute;  // a whole minute, and every partition has it by then
  }
  if (!o.until.empty()) {
    PLUMBLINE_ASSIGN(c.until, TimeOf(o.until, "--until"));
  }
  return c;
}

// A pack with a mistake is not sent at all.
Result<void> CheckPack(const Options& o, const config::Config& config) {
  if (o.kind != run::ControlKind::kActivate) return {};
  PLUMBLINE_TRY(rules::LoadPacks({o.pack_file}, PackOptionsOf(config)));
  return {};
}

Result<void> AwaitAnswers(const Options& o, const config::Config& config, const std::vector<std::uint32_t>& partitions,
                          const std::vector<std::int64_t>& offsets, Clock& clock, bool* refused) {
  const std::int64_t end = clock.SteadyNs() + std::int64_t{o.wait_s} * 1'000'000'000;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    for (;;) {
      const auto answer = FindAnswer(config, partitions[i], offsets[i]);
      if (answer && *answer) {
        std::printf("%s\n", (*answer)->c_str());
        *refused = *refused || (*answer)->find("\"answer\":\"refused\"") != std::string::npos;
        break;
      }
      if (clock.SteadyNs() > end) {
        return Fail(ErrorCode::kUnavailable, "no answer of partition " + std::to_string(partitions[i]) + " within " +
                                                 std::to_string(o.wait_s) + " s; is the engine running?");
      }
      clock.SleepMs(100);
    }
  }
  return {};
}

Result<void> Send(const Options& o, bool* refused) {
  PLUMBLINE_ASSIGN(const config::Config config, config::LoadConfig(o.config));
  SystemClock clock;
  PLUMBLINE_TRY(CheckPack(o, config));
  std::int64_t at_ms = clock.WallMs();
  if (!o.at.empty()) {
    PLUMBLINE_ASSIGN(at_ms, TimeOf(o.at, "--at"));
  }
  PLUMBLINE_ASSIGN(run::Control control, ControlOf(o, at_ms));
  std::vector<std::uint32_t> partitions;
  if (!o.alert.empty()) {
    PLUMBLINE_ASSIGN(const AlertHistory history, ReadAlertHistory(config, o.alert));
    control.has_alert = ParseHash128(history.lines.front().substr(7, 32), &control.alert);
    partitions.push_back(history.partition);
  } else {
    PLUMBLINE_ASSIGN(const std::uint32_t count, InputPartitions(config));
    for (std::uint32_t p = 0; p < count; ++p) partitions.push_back(p);
  }
  const std::string record = run::EncodeControl(control);
  PLUMBLINE_TRY(run::ParseControl(record));
  PLUMBLINE_ASSIGN(const auto offsets, WriteControl(config, partitions, at_ms, record, clock));
  std::printf("%s: written to %zu partition%s of %s", std::string(Name(control.kind)).c_str(), partitions.size(),
              partitions.size() == 1 ? "" : "s", config.topics.control.c_str());
  if (control.from != model::kNoTime) std::printf(", effective from %s", model::FormatTime(control.from).c_str());
  std::printf("\n");
  return o.wait_s > 0 ? AwaitAnswers(o, config, partitions, offsets, clock, refused) : Result<void>{};
}

int Run(const Options& o) {
  bool refused = false;
  const auto sent = Send(o, &refused);
  const int code = Report(sent);
  if (!sent && sent.error().code == ErrorCode::kNotFound) return kExitFindings;
  return code == kExitOk && refused ? kExitFindings : code;
}

CLI::App* Add(CLI::App& control, int* exit_code, const char* name, const char* what, run::ControlKind kind,
              const std::shared_ptr<Options>& o) {
  CLI::App* command = control.add_subcommand(name, what);
  command->add_option("--by", o->by, "Who decides this (default: $USER)");
  command->add_option("--config", o->config, "The site's configuration (YAML)")->required()->check(CLI::ExistingFile);
  command->add_option("--wait", o->wait_s, "Seconds to wait for the engine's answer; 0: do not")->check(CLI::Range(0, 3600));
  command->add_option("--at", o->at, "Arrival of the command, where the topic takes the writer's times (imports)");
  command->callback([o, exit_code, kind] {
    o->kind = kind;
    *exit_code = Run(*o);
  });
  return command;
}

void AddOfAlerts(CLI::App& control, int* exit_code, const std::shared_ptr<Options>& o) {
  struct Word {
    const char* name;
    const char* what;
    run::ControlKind kind;
    bool needs_text;
    const char* example;
  };
  for (const Word& w :
       {Word{"acknowledge", "Somebody has seen it and acts", run::ControlKind::kAcknowledge, false, "--text \"on my way\""},
        Word{"comment", "Something to remember about it", run::ControlKind::kComment, true,
             "--text \"drug was given in theatre\""},
        Word{"contest", "The verdict is wrong, and why", run::ControlKind::kContest, true, "--text \"not septic: burns\""},
        Word{"hand-over", "It is another's now", run::ControlKind::kHandOver, false, "--to \"Dr. Naidoo\""}}) {
    CLI::App* command = Add(control, exit_code, w.name, w.what, w.kind, o);
    command->footer("Example:\n  plumbline control " + std::string(w.name) + " 3f9a0c --config site.yaml --by \"Dr. Li\" " +
                    w.example);
    command->add_option("alert", o->alert, "The alert's id, or its first letters")->required();
    CLI::Option* text = command->add_option("--text", o->text, "In words");
    if (w.needs_text) text->required();
    if (w.kind == run::ControlKind::kHandOver) command->add_option("--to", o->to, "To whom")->required();
  }
}

}  // namespace

void AddControl(CLI::App& app, int* exit_code) {
  CLI::App* control = app.add_subcommand("control", "Acknowledge, silence, comment; activate and retire rules");
  control->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  AddOfAlerts(*control, exit_code, o);
  CLI::App* activate = Add(*control, exit_code, "activate", "Put a pack in force from a time on", run::ControlKind::kActivate, o);
  activate->add_option("pack", o->pack_file, "The pack (YAML)")->required()->check(CLI::ExistingFile);
  activate->add_option("--from", o->from, "Triggers from this time on are judged by it (default: in one to two minutes)");
  CLI::App* retire = Add(*control, exit_code, "retire", "End a rule, or a whole pack", run::ControlKind::kRetire, o);
  retire->add_option("--rule", o->rule, "Its id");
  retire->add_option("--pack", o->pack, "Its id")->excludes("--rule");
  retire->add_option("--from", o->from, "Triggers from this time on are not judged any more (default: in one to two minutes)");
  activate->footer(
      "Example:\n  plumbline control activate rules/packs/sepsis.yaml --from 2026-12-01T00:00:00+08:00 --config site.yaml --by "
      "quality");
  retire->footer("Example:\n  plumbline control retire --rule heart-rate-gap --config site.yaml --by quality");
  CLI::App* silence = Add(*control, exit_code, "silence", "Page nobody until a time", run::ControlKind::kSilence, o);
  CLI::App* unsilence = Add(*control, exit_code, "unsilence", "End a silence", run::ControlKind::kUnsilence, o);
  silence->add_option("--until", o->until, "When it ends")->required();
  silence->add_option("--text", o->text, "Why")->required();
  silence->footer(
      "Example:\n  plumbline control silence --rule heart-rate-gap --site north --until 2026-12-01T18:00:00Z --text \"monitor "
      "network "
      "down\" --config site.yaml --by biomed");
  unsilence->footer("Example:\n  plumbline control unsilence --rule heart-rate-gap --site north --config site.yaml --by biomed");
  for (CLI::App* s : {silence, unsilence}) {
    s->add_option("alert", o->alert, "The alert's id, or its first letters");
    s->add_option("--rule", o->rule, "All alerts of a rule")->excludes("alert");
    s->add_option("--site", o->site, "at this site");
  }
  control->footer(
      "Examples:\n  plumbline control acknowledge 3f9a0c --config site.yaml --by \"Dr. Li\"\n  plumbline control activate "
      "rules/packs/sepsis.yaml --from 2026-12-01T00:00:00+08:00 --config site.yaml --by quality --wait 10\n  plumbline control "
      "silence --rule "
      "heart-rate-gap --site north --until 2026-12-01T18:00:00Z --text \"monitor network down\" --config site.yaml --by "
      "biomed\nThe "
      "engine "
      "answers on the audit log; with --wait the answer is shown, and a refusal gives exit code 1.");
}

}  // namespace plumbline::app
