#include "tests/program/installation.h"

#include <filesystem>
#include <fstream>

#include "engine/io/murmur2.h"

namespace plumbline::program {
namespace {

constexpr std::string_view kPack = R"(pack: saturation
version: 1.0.0
title: {en: Saturation, zh: 血氧饱和度}
source: {document: a test, effective: 2026-01-01}
valuesets:
  SpO2: ["http://loinc.org|59408-5"]
rules:
  - id: low-saturation
    kind: check
    severity: critical
    title: {en: SpO2 below 90 %, zh: 血氧饱和度低于90%}
    on: '[Device: "SpO2"] S'
    must: "S.value >= 90 '%'"
    lateness: 15 minutes
  - id: saturation-in-range
    kind: indicator
    title: {en: Values of 90 % and more, zh: 达标比例}
    population: '[Device: "SpO2"] S'
    numerator: "S.value >= 90 '%'"
    lateness: 15 minutes
    statistic: rate
    by: [site]
)";

}  // namespace

model::Event Saturation(std::string_view id, std::string_view patient, std::string_view value, std::int64_t time_ms) {
  model::Event e;
  e.kind = model::EventKind::kDevice;
  e.time = time_ms;
  e.id = id;
  e.patient = patient;
  e.site = "north";
  e.source = "monitors";
  e.code = {"http://loinc.org", "59408-5", ""};
  e.has_quantity = true;
  e.quantity = {*Decimal::Parse(value), "%"};
  return e;
}

Installation::Installation() {
  WritePack();
  Configure();
}

void Installation::WriteFile(const std::string& name, std::string_view text) const {
  std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
  std::ofstream out(Path(name), std::ios::binary);
  out << text;
  REQUIRE(out.flush());
}

void Installation::Configure(const std::map<std::string, std::string>& more) const {
  std::map<std::string, std::string> lines = {
      {"plumbline", "1"},
      {"sites",
       "\n  - site: north\n    feeds:\n      - {source: monitors, kinds: [device], heartbeats: false, future: 5 minutes, old: 7 "
       "days}\n      - {source: his, kinds: [consultation, diagnosis], heartbeats: false}"},
      {"partitions", std::to_string(kPartitions)},
      {"source", "log"},
      {"log", "{folder: log}"},
      {"state", "{folder: state}"},
      {"http", "off"},
      {"packs", "[pack.yaml]"},
      {"validation",
       "{unknown_feeds: reject, unknown_codes: reject, codes: [{code: \"http://loinc.org|59408-5\", units: {\"%\": [0, 100]}}]}"},
  };
  for (const auto& [name, value] : more) lines[name] = value;
  std::string text;
  for (const auto& [name, value] : lines) {
    if (!value.empty()) text += name + ": " + value + "\n";
  }
  WriteFile("site.yaml", text);
}

void Installation::WritePack(std::string_view text) const { WriteFile("pack.yaml", text.empty() ? kPack : text); }

test::Output Installation::Run(std::vector<std::string> arguments, const std::vector<std::string>& environment) const {
  std::vector<std::string> command = {"env"};
  command.insert(command.end(), environment.begin(), environment.end());
  command.emplace_back(PLUMBLINE_PROGRAM);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Need(test::RunProgram(command));
}

test::Output Installation::Import(const std::vector<std::string>& environment) const {
  return Run({"run", "--config", config(), "--import", "--until-end", "--close", "--quiet", "--json"}, environment);
}

void Installation::Start(test::ChildProcess& process, std::vector<std::string> arguments, const std::string& log,
                         const std::vector<std::string>& environment) const {
  std::vector<std::string> command = {"env"};
  command.insert(command.end(), environment.begin(), environment.end());
  command.emplace_back(PLUMBLINE_PROGRAM);
  command.insert(command.end(), arguments.begin(), arguments.end());
  Need(process.Start(command, Path(log)));
}

void Installation::AppendAll(std::size_t topic, const std::vector<RecordIn>& records, std::string_view content_type,
                             io::TopicTimes times) const {
  SystemClock clock;
  const auto log = Need(io::LocalTopic::Open(io::PosixFileSystem(), Path("log"), kTopics[topic], clock,
                                             {.partitions = kPartitions, .times = times, .writer = {}}));
  const io::HeaderView header{"content-type", AsBytes(content_type)};
  const std::size_t headers = content_type.empty() ? 0 : 1;
  for (const RecordIn& r : records) Need(log->AppendTo(r.partition, r.arrival_ms, r.key, r.value, std::span(&header, headers)));
  Need(log->Sync());
}

void Installation::Append(std::size_t topic, std::uint32_t partition, std::int64_t arrival_ms, std::string_view key,
                          std::string_view value, std::string_view content_type, io::TopicTimes times) const {
  AppendAll(topic, {{partition, arrival_ms, std::string(key), std::string(value)}}, content_type, times);
}

std::vector<Installation::RecordIn> Installation::Values(int from, int to, std::int64_t first_ms, std::int64_t step_ms) {
  model::Encoder encoder;
  std::vector<RecordIn> records;
  for (int i = from; i < to; ++i) {
    const std::string id = "e" + std::to_string(i), patient = "p" + std::to_string(i % 40);
    const auto event = Saturation(id, patient, i % 3 == 0 ? "80" : "97", first_ms + i * step_ms);
    records.push_back(
        {io::PartitionOfKey(AsBytes(patient), kPartitions), event.time, patient, std::string(encoder.FlatBuffers(event))});
  }
  return records;
}

void Installation::AppendValues(int from, int to) const { AppendAll(0, Values(from, to), model::kFlatBuffersContentType); }

void Installation::Append(const model::Event& event, io::TopicTimes times) const {
  model::Encoder encoder;
  Append(static_cast<std::size_t>(event.kind) - 1, io::PartitionOfKey(AsBytes(event.patient), kPartitions), event.time,
         event.patient, encoder.FlatBuffers(event), model::kFlatBuffersContentType, times);
}

std::vector<Installation::Line> Installation::ReadLog(const std::string& topic) const {
  std::vector<Line> lines;
  io::LocalLogSource source(io::PosixFileSystem(), Path("log"), {topic});
  for (std::uint32_t partition = 0; partition < Need(source.Partitions(0)); ++partition) {
    while (true) {
      const auto records = Need(source.Poll({0, partition}, 100));
      if (records.empty()) break;
      for (const io::Record& record : records) {
        const auto id = io::EffectIdOf(record.headers);
        REQUIRE(id);
        lines.push_back(
            {partition, *id, record.timestamp_ms, std::string(AsText(record.key)), std::string(AsText(record.value))});
      }
    }
  }
  return lines;
}

std::vector<Installation::Line> Installation::ReadLogIfThere(const std::string& topic) const {
  const auto meta = io::ReadTopicMeta(io::PosixFileSystem(), Path("log"), topic);
  if (!meta && meta.error().code == ErrorCode::kNotFound) return {};
  return ReadLog(topic);
}

}  // namespace plumbline::program
