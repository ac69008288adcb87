#include "engine/app/sink_options.h"

namespace plumbline::app {

void AddSinkOptions(CLI::App& command, SinkArguments& arguments) {
  command.add_option("--config", arguments.config, "Site configuration: names of topics, partitions, and where records go");
  command.add_option("--to", arguments.to, "log or kafka of the configuration (default: its source)")
      ->check(CLI::IsMember({"log", "kafka"}));
  command.add_option("--log", arguments.log, "To an embedded log in this folder");
  command.add_option("--file", arguments.file, "To a new file of JSON lines; - is standard output");
  command.add_option("--partitions", arguments.partitions, "Partitions of each topic (default: the configuration's, else 8)");
  command.add_flag("--create-topics", arguments.create_topics, "Make topics that the broker does not have");
}

Result<std::unique_ptr<sink::EventSink>> OpenSink(const SinkArguments& arguments, Clock& clock, io::TopicTimes times) {
  config::Config config;
  const int targets = (arguments.log.empty() ? 0 : 1) + (arguments.file.empty() ? 0 : 1) + (arguments.to.empty() ? 0 : 1);
  if (targets > 1) return Fail(ErrorCode::kUsage, "--log, --file and --to each name where the records go; give one");
  if (targets == 0 && arguments.config.empty())
    return Fail(ErrorCode::kUsage, "name where the records go: --log FOLDER, --file F, or --config F");
  if (!arguments.config.empty()) {
    PLUMBLINE_ASSIGN(config, config::LoadConfig(arguments.config));
  } else if (!arguments.to.empty()) {
    return Fail(ErrorCode::kUsage, "--to needs --config");
  }
  const sink::TopicTriple topics = sink::InputTopics(config.topics);
  const std::uint32_t partitions =
      arguments.partitions != 0 ? arguments.partitions : static_cast<std::uint32_t>(config.partitions);
  if (!arguments.file.empty()) return sink::OpenFileSink(arguments.file, topics);
  const bool kafka =
      arguments.to.empty() ? arguments.log.empty() && config.source == config::Medium::kKafka : arguments.to == "kafka";
  if (!kafka)
    return sink::OpenLogSink(clock, {arguments.log.empty() ? config.log.folder : arguments.log, topics, partitions, times});
  if (!config.kafka) return Fail(ErrorCode::kConfig, arguments.config + ": there is no \"kafka\" to write to");
  return sink::OpenKafkaSink({*config.kafka, topics, partitions, arguments.create_topics});
}

}  // namespace plumbline::app
