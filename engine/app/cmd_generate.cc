// plumbline generate: the simulated hospital to the embedded log, a file, or Kafka.
#include <cstdio>
#include <fstream>

#include "config/reader.h"
#include "config/site.h"
#include "connectors/generator/generator.h"
#include "connectors/sink/event_sink.h"
#include "engine/app/commands.h"
#include "engine/app/engine_run.h"
#include "engine/app/progress.h"
#include "engine/app/sink_options.h"
#include "engine/model/iso_time.h"

namespace plumbline::app {
namespace {

constexpr std::int64_t kFlushEveryMs = 200;

struct Arguments {
  SinkArguments sink;
  generator::GeneratorOptions options;
  std::string start, duration = "6 hours", interval = "60 seconds", late_most = "10 minutes", heartbeat = "30 seconds", truth;
  double late_percent = 2;
  double speed = 0;
  bool quiet = false;
};

Result<std::int64_t> Duration(const std::string& name, const std::string& text) {
  const auto ms = config::ParseDurationMs(text);
  if (!ms) return Fail(ErrorCode::kUsage, name + " \"" + text + "\" is no duration; write for instance \"90 minutes\"");
  return *ms;
}

// At the pace of the wall, from now on: an engine that follows live topics takes it as it comes.
bool Live(const Arguments& a) { return a.speed == 1; }

Result<void> Complete(Arguments& a, Clock& clock) {
  PLUMBLINE_ASSIGN(a.options.duration_ms, Duration("--duration", a.duration));
  PLUMBLINE_ASSIGN(a.options.device_interval_ms, Duration("--interval", a.interval));
  PLUMBLINE_ASSIGN(a.options.late_most_ms, Duration("--late-most", a.late_most));
  PLUMBLINE_ASSIGN(a.options.heartbeat_ms, Duration("--heartbeat", a.heartbeat));
  if (a.options.device_interval_ms < 1) return Fail(ErrorCode::kUsage, "--interval must be at least 1 ms");
  a.options.late_in_a_million = static_cast<std::uint32_t>(a.late_percent * 10'000);
  if (!a.start.empty()) {
    const auto start = model::ParseTime(a.start);
    if (!start) return Fail(ErrorCode::kUsage, "--start \"" + a.start + "\" is not a time such as 2026-01-01T00:00:00Z");
    a.options.start_ms = start->time;
  } else if (Live(a)) {
    a.options.start_ms = clock.WallMs();
  }
  return {};
}

// At `speed` times the simulation's time, or as fast as it goes (0).
Result<void> Pour(const Arguments& a, generator::Generator& generator, sink::EventSink& sink, Clock& clock) {
  Progress progress(clock, "generate", a.quiet);
  const auto total = static_cast<std::uint64_t>(a.options.duration_ms);
  const std::int64_t began_ns = clock.SteadyNs();
  std::int64_t flushed_ms = 0;
  std::uint64_t records = 0;
  sink::OutRecord record;
  while (!StopRequested().load(std::memory_order_relaxed) && generator.Next(record)) {
    const std::int64_t simulated = record.arrival_ms - a.options.start_ms;
    if (a.speed > 0) {
      const auto due_ms = static_cast<std::int64_t>(static_cast<double>(simulated) / a.speed);
      const std::int64_t elapsed_ms = (clock.SteadyNs() - began_ns) / 1'000'000;
      if (due_ms > elapsed_ms || elapsed_ms - flushed_ms >= kFlushEveryMs) {
        PLUMBLINE_TRY(sink.Flush());
        flushed_ms = elapsed_ms;
      }
      if (due_ms > elapsed_ms) clock.SleepMs(due_ms - elapsed_ms);
    }
    PLUMBLINE_TRY(sink.Write(record));
    ++records;
    progress.Show(simulated < 0 ? 0 : static_cast<std::uint64_t>(simulated), total, records);
  }
  PLUMBLINE_TRY(sink.Finish());
  progress.Done(records);
  return {};
}

Result<void> Run(Arguments& a) {
  SystemClock clock;
  PLUMBLINE_TRY(Complete(a, clock));
  InstallStopSignals();
  PLUMBLINE_ASSIGN(auto sink, OpenSink(a.sink, clock, Live(a) ? io::TopicTimes::kAppend : io::TopicTimes::kCreate));
  generator::Generator generator(a.options);
  PLUMBLINE_TRY(Pour(a, generator, *sink, clock));
  if (a.truth.empty()) return {};
  std::ofstream file(a.truth, std::ios::binary);
  file << generator.planted().ToJson();
  file.flush();
  if (!file) return Fail(ErrorCode::kIo, a.truth + ": cannot be written");
  return {};
}

}  // namespace

void AddGenerate(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("generate", "Write the records of a seeded, simulated hospital of three sites");
  auto a = std::make_shared<Arguments>();
  AddSinkOptions(*command, a->sink);
  command->add_option("--seed", a->options.seed, "The same seed gives the same records")->capture_default_str();
  command->add_option("--patients", a->options.patients, "Beds, always occupied")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  command->add_option("--start", a->start, "Where simulated time begins (default 2026-01-01T00:00:00Z; with --speed 1, now)");
  command->add_option("--duration", a->duration, "Simulated time; what is charted late comes after it")->capture_default_str();
  command->add_option("--interval", a->interval, "One device value a patient and this much simulated time")
      ->capture_default_str();
  command->add_option("--late-percent", a->late_percent, "Events charted late")->capture_default_str()->check(CLI::Range(0, 100));
  command->add_option("--late-most", a->late_most, "by up to so much")->capture_default_str();
  command->add_option("--heartbeat", a->heartbeat, "Between heartbeats of a feed; \"0 s\" for none")->capture_default_str();
  command->add_option("--sepsis", a->options.sepsis_per_thousand_patient_hours, "Septic shocks in 1,000 patient hours")
      ->capture_default_str();
  command
      ->add_option(
          "--speed", a->speed,
          "Simulated seconds in a second; 0: at once. 1 is live: from now on, stamped on arrival; at other speeds records "
          "keep their simulated arrival, so the engine reads them with --import")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--json-events", a->options.json, "Events as JSON instead of FlatBuffers");
  command->add_option("--truth", a->truth, "Write down what was planted, as JSON");
  command->add_flag("--quiet", a->quiet, "No progress");
  command->footer(
      "Examples:\n"
      "  plumbline generate --log out/log --truth out/planted.json\n"
      "  plumbline generate --config config/examples/kafka.yaml --to kafka --patients 10000 --duration '1 hour'\n"
      "  plumbline generate --config config/examples/simulated.yaml --speed 1 --duration '8 hours'\n"
      "  plumbline generate --config config/examples/simulated.yaml --speed 60\n"
      "  plumbline generate --file - --duration '10 minutes' | head\n"
      "Ctrl-C and SIGTERM end it; what was written stays.");
  command->callback([a, exit_code] { *exit_code = Report(Run(*a)); });
}

}  // namespace plumbline::app
