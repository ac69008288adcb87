// plumbline bench: events a second and nanoseconds by stage of the real engine, on traffic it writes itself first.
#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "connectors/kafka/bare_consumer.h"
#include "engine/app/bench/stages.h"
#include "engine/app/bench/traffic.h"
#include "engine/app/commands.h"
#include "engine/app/engine_run.h"
#include "engine/app/sink_options.h"
#include "engine/app/stage_one.h"

namespace plumbline::app {
namespace {

struct Options {
  std::string config = "config/examples/simulated.yaml";
  std::string folder = "out/bench";
  std::vector<std::string> packs = {"rules/packs/ordinary.yaml"};
  std::string brokers;
  Traffic traffic;
  std::uint32_t partitions = 1;
  bool json = false, keep = false, quiet = false, no_stages = false;
};

struct WholeRun {
  RunSummary summary;
  double cpu_seconds = 0;
  std::vector<std::uint64_t> resident;  // MiB, at each tenth of the records
};

std::uint64_t ResidentMiB() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096 >> 20;
}

// Everything on: journal with synced WAL, checkpoints, output logs, stage two.
Result<WholeRun> RunWhole(const config::Config& config, std::uint64_t records) {
  WholeRun whole;
  RunOptions r;
  r.import = true;
  r.until_end = true;
  r.progress = [&whole, records](const std::string& line) {
    const std::uint64_t done = std::strtoull(line.c_str(), nullptr, 10);
    while (whole.resident.size() < 10 && done * 10 >= records * (whole.resident.size() + 1))
      whole.resident.push_back(ResidentMiB());
  };
  const double cpu = ProcessCpuSeconds();
  PLUMBLINE_ASSIGN(whole.summary, RunEngine(config, r, StopRequested()));
  whole.cpu_seconds = ProcessCpuSeconds() - cpu;
  return whole;
}

Result<config::Config> BenchConfig(const Options& o) {
  PLUMBLINE_ASSIGN(config::Config config, config::LoadConfig(o.config));
  config.log.folder = o.folder + "/log";
  config.state.folder = o.folder + "/state";
  config.packs = o.packs;
  config.partitions = o.partitions;
  config.http.port = -1;
  config.lines.clear();
  config.alertmanager.reset();
  if (o.brokers.empty()) return config;
  config.source = config::Medium::kKafka;
  config.outputs = config::Medium::kKafka;
  config.kafka = config::KafkaConfig{o.brokers, "plumbline-bench", {}};
  const std::string stamp = "bench-" + std::to_string(SystemClock().WallMs()) + ".";
  for (std::string* topic : {&config.topics.device, &config.topics.consultation, &config.topics.diagnosis, &config.topics.control,
                             &config.topics.measures, &config.topics.alerts, &config.topics.audit}) {
    *topic = stamp + *topic;
  }
  return config;
}

Result<TrafficWritten> Write(const Options& o, const config::Config& config, Clock& clock) {
  Progress progress(clock, "writing traffic", o.quiet);
  std::unique_ptr<sink::EventSink> sink;
  const sink::TopicTriple topics = sink::InputTopics(config.topics);
  if (config.source == config::Medium::kKafka) {
    PLUMBLINE_ASSIGN(sink, sink::OpenKafkaSink({*config.kafka, topics, o.partitions, true}));
  } else {
    PLUMBLINE_ASSIGN(sink, sink::OpenLogSink(clock, {config.log.folder, topics, o.partitions, io::TopicTimes::kCreate}));
  }
  return WriteTraffic(o.traffic, *sink, progress);
}

Result<std::vector<StageTime>> Stages(const Options& o, const config::Config& config, const rules::Packs& packs, Clock& clock) {
  StagesOptions s;
  s.partitions = o.partitions;
  s.open = [&config]() -> Result<std::unique_ptr<io::Source>> {
    PLUMBLINE_ASSIGN(OpenedSource opened, OpenInputs(config, true, "stages"));
    return std::move(opened.source);
  };
  s.rules = [&](std::uint32_t p) {
    return std::make_unique<run::PatientMachine>(MachineOptions(config, p, o.partitions), packs.rules);
  };
  s.validation = MachineOptions(config, 0, o.partitions).validation;
  return TimeStages(s, clock);
}

struct Findings {
  TrafficWritten traffic;
  std::size_t rules = 0;
  std::vector<StageTime> stages;
  WholeRun whole;
  double bare_seconds = 0;  // the bare consumer, before and after the engine: the mean
  kafka::BareCount bare;
};

void PrintText(const Options& o, const Findings& f) {
  const double events = static_cast<double>(f.whole.summary.records);
  std::printf(
      "%zu rules of %s; %u patients, one device value a patient and minute, 2 %% of events late by up to ten minutes;\n"
      "%u partition%s, journal with synced WAL, checkpoints, output logs and stage two on; source: %s\n"
      "%llu records of %.0f bytes\n\n",
      f.rules, o.packs.front().c_str(), o.traffic.patients, o.partitions, o.partitions == 1 ? "" : "s",
      o.brokers.empty() ? "embedded log" : "Kafka", static_cast<unsigned long long>(f.whole.summary.records),
      static_cast<double>(f.traffic.bytes) / static_cast<double>(f.traffic.records));
  std::printf("%-58s %10s\n", "stage (CPU of one thread)", "ns/event");
  double before = 0;
  for (const StageTime& s : f.stages) {
    std::printf("%-58s %10.0f\n", s.name.c_str(), s.cpu_ns - before);
    before = s.cpu_ns;
  }
  const double whole_ns = f.whole.cpu_seconds * 1e9 / events;
  // Stages are timed in runs of their own: on a busy machine they may come out above the whole.
  if (!f.stages.empty()) {
    std::printf("%-58s %10s\n", "journal, checkpoints, outputs, stage two (all threads)",
                whole_ns < before ? "(noise)" : std::to_string(std::llround(whole_ns - before)).c_str());
  }
  std::printf("%-58s %10.0f\n\n", "whole run, CPU of all threads", whole_ns);
  std::printf("whole run          %10.2f s   %12.0f events/s\n", f.whole.summary.seconds, events / f.whole.summary.seconds);
  std::printf("by CPU time        %10.2f s   %12.0f events/s and core\n", f.whole.cpu_seconds, events / f.whole.cpu_seconds);
  if (f.bare.records > 0) {
    const double bare = static_cast<double>(f.bare.records) / f.bare_seconds;
    std::printf("bare librdkafka    %10.2f s   %12.0f events/s; the engine does %.2f of it\n", f.bare_seconds, bare,
                events / f.whole.summary.seconds / bare);
  }
  std::printf("alert changes %llu, measure lines %llu, dead letters %llu\nresident MiB at each tenth:",
              static_cast<unsigned long long>(f.whole.summary.alerts), static_cast<unsigned long long>(f.whole.summary.measures),
              static_cast<unsigned long long>(f.whole.summary.dead_letters));
  for (const std::uint64_t mib : f.whole.resident) std::printf(" %llu", static_cast<unsigned long long>(mib));
  std::printf("\n");
}

void PrintJson(const Options& o, const Findings& f) {
  const double events = static_cast<double>(f.whole.summary.records);
  std::printf(
      "{\"source\":\"%s\",\"patients\":%u,\"partitions\":%u,\"rules\":%zu,\"records\":%llu,\"seconds\":%.3f,"
      "\"cpu_seconds\":%.3f,\"events_per_second\":%.0f,\"events_per_cpu_second\":%.0f,\"stages\":[",
      o.brokers.empty() ? "log" : "kafka", o.traffic.patients, o.partitions, f.rules,
      static_cast<unsigned long long>(f.whole.summary.records), f.whole.summary.seconds, f.whole.cpu_seconds,
      events / f.whole.summary.seconds, events / f.whole.cpu_seconds);
  double before = 0;
  for (std::size_t i = 0; i < f.stages.size(); ++i) {
    std::printf("%s{\"stage\":\"%s\",\"cpu_ns\":%.1f}", i > 0 ? "," : "", f.stages[i].name.c_str(), f.stages[i].cpu_ns - before);
    before = f.stages[i].cpu_ns;
  }
  std::printf("],\"resident_mib\":[");
  for (std::size_t i = 0; i < f.whole.resident.size(); ++i)
    std::printf("%s%llu", i > 0 ? "," : "", static_cast<unsigned long long>(f.whole.resident[i]));
  std::printf("]");
  if (f.bare.records > 0) std::printf(",\"bare_events_per_second\":%.0f", static_cast<double>(f.bare.records) / f.bare_seconds);
  std::printf("}\n");
}

Result<double> TimeBare(const config::Config& config, Clock& clock, kafka::BareCount& count) {
  kafka::Settings settings;
  settings.bootstrap = config.kafka->brokers;
  const std::int64_t began = clock.SteadyNs();
  PLUMBLINE_ASSIGN(count,
                   kafka::ConsumeAll(settings, {config.topics.device, config.topics.consultation, config.topics.diagnosis}));
  return static_cast<double>(clock.SteadyNs() - began) * 1e-9;
}

Result<void> Bench(const Options& o) {
  PLUMBLINE_ASSIGN(const config::Config config, BenchConfig(o));
  PLUMBLINE_ASSIGN(const rules::Packs packs, LoadConfiguredPacks(config));
  std::error_code ignored;
  std::filesystem::remove_all(o.folder, ignored);
  std::filesystem::create_directories(o.folder, ignored);
  InstallStopSignals();
  SystemClock clock;
  Findings f;
  f.rules = packs.rules->rules.size();
  PLUMBLINE_ASSIGN(f.traffic, Write(o, config, clock));
  const bool kafka = !o.brokers.empty();
  if (kafka) {
    PLUMBLINE_ASSIGN(f.bare_seconds, TimeBare(config, clock, f.bare));
  }
  PLUMBLINE_ASSIGN(f.whole, RunWhole(config, f.traffic.records));
  if (kafka) {
    PLUMBLINE_ASSIGN(const double again, TimeBare(config, clock, f.bare));
    f.bare_seconds = (f.bare_seconds + again) / 2;
  }
  if (!o.no_stages) {
    PLUMBLINE_ASSIGN(f.stages, Stages(o, config, packs, clock));
  }
  o.json ? PrintJson(o, f) : PrintText(o, f);
  if (!o.keep) std::filesystem::remove_all(o.folder, ignored);
  return {};
}

}  // namespace

void AddBench(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("bench", "Events a second and nanoseconds by stage, on traffic it writes itself");
  auto o = std::make_shared<Options>();
  command->add_option("--patients", o->traffic.patients, "Patients")->capture_default_str()->check(CLI::Range(1, 10'000'000));
  command->add_option("--events", o->traffic.events, "Records to write and run")
      ->capture_default_str()
      ->check(CLI::Range(1000, 1'000'000'000));
  command->add_option("--partitions", o->partitions, "Partitions of each topic; one thread takes them all")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_option("--brokers", o->brokers, "Through Kafka at host:port instead of the embedded log");
  command->add_option("--packs", o->packs, "Rule packs")->capture_default_str();
  command->add_option("--config", o->config, "Sites and feeds")->capture_default_str()->check(CLI::ExistingFile);
  command->add_option("--folder", o->folder, "For log and state; emptied first, removed at the end")->capture_default_str();
  command->add_option("--seed", o->traffic.seed, "Of the traffic")->capture_default_str();
  command->add_flag("--no-stages", o->no_stages, "Only the whole run");
  command->add_flag("--keep", o->keep, "Leave the folder");
  command->add_flag("--json", o->json, "As JSON");
  command->add_flag("-q,--quiet", o->quiet, "No progress line");
  command->footer(
      "Examples:\n  plumbline bench\n  plumbline bench --patients 1000000 --events 12000000\n  plumbline bench --brokers "
      "127.0.0.1:9092\nMachines differ: compare what was measured in one sitting.");
  command->callback([o, exit_code] { *exit_code = Report(Bench(*o)); });
}

}  // namespace plumbline::app
