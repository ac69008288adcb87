// The options by which `generate` and `import` name where their records go, and the errors and exit codes of commands.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "connectors/sink/event_sink.h"
#include "engine/base/error.h"

namespace plumbline::app {

struct SinkArguments {
  std::string config;            // a site configuration, for topics, partitions and where
  std::string to;                // log, kafka; needs the configuration. Empty: what the configuration says
  std::string log;               // a folder
  std::string file;              // JSON lines; "-"
  std::uint32_t partitions = 0;  // 0: the configuration's, or 8
  bool create_topics = false;
};

void AddSinkOptions(CLI::App& command, SinkArguments& arguments);

// `times` is for the embedded log.
[[nodiscard]] Result<std::unique_ptr<sink::EventSink>> OpenSink(const SinkArguments& arguments, Clock& clock,
                                                                io::TopicTimes times);

}  // namespace plumbline::app
