#include "engine/app/media.h"

#include "connectors/kafka/admin.h"
#include "connectors/kafka/output.h"
#include "connectors/kafka/producer.h"
#include "connectors/kafka/source.h"
#include "engine/io/local_log_source.h"

namespace plumbline::app {
namespace {

kafka::Settings KafkaSettings(const config::Config& c) {
  kafka::Settings s;
  s.bootstrap = c.kafka->brokers;
  for (const config::Property& p : c.kafka->properties) s.properties[p.name] = p.value;
  return s;
}

Result<OpenedSource> OpenKafka(const config::Config& c, const std::vector<std::string>& topics, kafka::Arrival arrival,
                               const std::string& reader) {
  kafka::KafkaSource::Options o;
  o.settings = KafkaSettings(c);
  for (const std::string& t : topics) o.topics.push_back({t, arrival});
  o.group = c.kafka->group + (reader.empty() ? "" : "-" + reader);
  OpenedSource opened;
  PLUMBLINE_ASSIGN(auto source, kafka::KafkaSource::Open(o));
  opened.kafka = source.get();
  opened.source = std::move(source);
  return opened;
}

// Made by who comes first, with as many partitions as the streams have.
Result<void> MakeKafkaControl(const config::Config& c, bool import) {
  PLUMBLINE_ASSIGN(kafka::Admin admin, kafka::Admin::Create(KafkaSettings(c)));
  const auto known = admin.Partitions(c.topics.control);
  if (known) return {};
  if (known.error().code != ErrorCode::kNotFound) return std::unexpected(known.error());
  const auto partitions = admin.Partitions(c.topics.device);
  // Without the streams there is nothing to command; opening them says so.
  if (!partitions) return {};
  return admin.CreateTopic({c.topics.control,
                            *partitions,
                            1,
                            {{"message.timestamp.type", import ? "CreateTime" : "LogAppendTime"},
                             {"retention.ms", "-1"},
                             {"cleanup.policy", "delete"}}});
}

OpenedSource OpenLog(const config::Config& c, std::vector<std::string> topics) {
  OpenedSource opened;
  opened.source = std::make_unique<io::LocalLogSource>(io::PosixFileSystem(), c.log.folder, std::move(topics));
  return opened;
}

std::string LocalName(std::string_view prefix, io::OutputLog log) {
  return std::string(prefix) + std::string(io::OutputLogName(log));
}

Result<OpenedSource> OpenOutputOf(const config::Config& c, io::OutputLog log, const std::string& topic,
                                  const std::string& reader) {
  if (c.outputs == config::Medium::kKafka) return OpenKafka(c, {topic}, kafka::Arrival::kCreateTime, reader);
  return OpenLog(c, {LocalName(kOutputPrefix, log)});
}

Result<std::unique_ptr<io::OutputSink>> OpenKafkaOutput(const kafka::KafkaOutput::Options& options) {
  PLUMBLINE_TRY(kafka::KafkaOutput::CreateTopics(options, 1));
  PLUMBLINE_ASSIGN(auto output, kafka::KafkaOutput::Open(options));
  return output;
}

Result<std::unique_ptr<io::OutputSink>> OpenLocalOutput(const config::Config& c, std::string_view prefix,
                                                        std::uint32_t partitions, Clock& clock) {
  io::LocalOutput::Options o;
  o.partitions = partitions;
  o.topic_prefix = prefix;
  PLUMBLINE_ASSIGN(auto output, io::LocalOutput::Open(io::PosixFileSystem(), c.log.folder, clock, o));
  return output;
}

// Its partitions. A writer may be making it at the same time; then it holds the topic's lock, and the topic is there soon.
Result<std::uint32_t> MakeLocalInput(const config::Config& c, const std::string& topic, const io::LocalTopic::Options& options,
                                     Clock& clock) {
  constexpr int kMostTries = 100;
  auto& files = io::PosixFileSystem();
  for (int i = 0;; ++i) {
    const auto meta = io::ReadTopicMeta(files, c.log.folder, topic);
    if (meta) return meta->partitions;
    if (meta.error().code != ErrorCode::kNotFound) return std::unexpected(meta.error());
    const auto made = io::LocalTopic::Open(files, c.log.folder, topic, clock, options);
    if (made) return options.partitions;
    if (made.error().code != ErrorCode::kUnavailable || i == kMostTries) return std::unexpected(made.error());
    clock.SleepMs(20);
  }
}

}  // namespace

std::vector<std::string> InputTopics(const config::Config& c) {
  return {c.topics.device, c.topics.consultation, c.topics.diagnosis};
}

std::vector<std::string> ReadTopics(const config::Config& c) {
  std::vector<std::string> topics = InputTopics(c);
  topics.push_back(c.topics.control);
  return topics;
}

std::string OpenedSource::Trouble() const { return kafka == nullptr ? "" : kafka->Trouble(); }

Result<OpenedSource> OpenInputs(const config::Config& c, bool import, const std::string& reader) {
  if (c.source == config::Medium::kLog) return OpenLog(c, ReadTopics(c));
  PLUMBLINE_TRY(MakeKafkaControl(c, import));
  return OpenKafka(c, ReadTopics(c), import ? kafka::Arrival::kCreateTime : kafka::Arrival::kLogAppendTime, reader);
}

Result<std::uint32_t> InputPartitions(const config::Config& c) {
  if (c.source == config::Medium::kKafka) {
    PLUMBLINE_ASSIGN(kafka::Admin admin, kafka::Admin::Create(KafkaSettings(c)));
    return admin.Partitions(c.topics.device);
  }
  const auto meta = io::ReadTopicMeta(io::PosixFileSystem(), c.log.folder, c.topics.device);
  if (!meta && meta.error().code == ErrorCode::kNotFound) return static_cast<std::uint32_t>(c.partitions);
  if (!meta) return std::unexpected(meta.error());
  return meta->partitions;
}

Result<std::vector<std::int64_t>> WriteControl(const config::Config& c, const std::vector<std::uint32_t>& partitions,
                                               std::int64_t at_ms, const std::string& record, Clock& clock) {
  constexpr std::string_view kKey = "control";
  std::vector<std::int64_t> offsets;
  if (c.source == config::Medium::kKafka) {
    PLUMBLINE_TRY(MakeKafkaControl(c, false));
    PLUMBLINE_ASSIGN(const auto producer, kafka::Producer::Create(KafkaSettings(c), {.keep_offsets = true}));
    PLUMBLINE_TRY(producer->Prepare({c.topics.control}));
    for (const std::uint32_t p : partitions) {
      kafka::Message m;
      m.topic = &c.topics.control;
      m.partition = static_cast<std::int32_t>(p);
      m.key = AsBytes(kKey);
      m.value = AsBytes(record);
      m.timestamp_ms = at_ms;
      PLUMBLINE_TRY(producer->Send(m));
    }
    PLUMBLINE_TRY(producer->Flush(30'000));
    for (const std::uint32_t p : partitions) offsets.push_back(producer->LastOffset(static_cast<std::int32_t>(p)));
    return offsets;
  }
  PLUMBLINE_ASSIGN(const std::uint32_t count, InputPartitions(c));
  // Another writer, or an engine that is making it, holds the topic's lock for a moment.
  auto topic =
      io::LocalTopic::Open(io::PosixFileSystem(), c.log.folder, c.topics.control, clock, {count, io::TopicTimes::kAppend, {}});
  for (int i = 0; i < 100 && !topic && topic.error().code == ErrorCode::kUnavailable; ++i) {
    clock.SleepMs(20);
    topic =
        io::LocalTopic::Open(io::PosixFileSystem(), c.log.folder, c.topics.control, clock, {count, io::TopicTimes::kAppend, {}});
  }
  if (!topic) return std::unexpected(topic.error());
  for (const std::uint32_t p : partitions) {
    PLUMBLINE_ASSIGN(const std::int64_t offset, (*topic)->AppendTo(p, at_ms, kKey, record));
    offsets.push_back(offset);
  }
  PLUMBLINE_TRY((*topic)->Sync());
  return offsets;
}

Result<OpenedSource> OpenAudit(const config::Config& c, const std::string& reader) {
  return OpenOutputOf(c, io::OutputLog::kAudit, c.topics.audit, reader);
}

Result<OpenedSource> OpenAlerts(const config::Config& c, const std::string& reader) {
  return OpenOutputOf(c, io::OutputLog::kAlerts, c.topics.alerts, reader);
}

Result<OpenedSource> OpenMeasures(const config::Config& c, const std::string& reader) {
  return OpenOutputOf(c, io::OutputLog::kMeasures, c.topics.measures, reader);
}

Result<std::uint32_t> MakeLocalInputs(const config::Config& c, bool import, Clock& clock) {
  auto partitions = static_cast<std::uint32_t>(c.partitions);
  for (const std::string& topic : ReadTopics(c)) {
    PLUMBLINE_ASSIGN(
        partitions,
        MakeLocalInput(c, topic, {partitions, import ? io::TopicTimes::kCreate : io::TopicTimes::kAppend, {}}, clock));
  }
  return partitions;
}

Result<std::unique_ptr<io::OutputSink>> OpenOutput(const config::Config& c, std::uint32_t partitions, Clock& clock) {
  if (c.outputs == config::Medium::kLog) return OpenLocalOutput(c, kOutputPrefix, partitions, clock);
  kafka::KafkaOutput::Options o;
  o.settings = KafkaSettings(c);
  o.partitions = partitions;
  o.input_topics = InputTopics(c);
  o.alerts = c.topics.alerts;
  o.measures = c.topics.measures;
  o.audit = c.topics.audit;
  return OpenKafkaOutput(o);
}

Result<std::unique_ptr<io::OutputSink>> OpenResults(const config::Config& c, Clock& clock) {
  if (c.outputs == config::Medium::kLog) return OpenLocalOutput(c, kResultsPrefix, 1, clock);
  kafka::KafkaOutput::Options o;
  o.settings = KafkaSettings(c);
  o.partitions = 1;
  o.alerts = o.audit = "";
  o.measures = c.topics.results;
  return OpenKafkaOutput(o);
}

}  // namespace plumbline::app
