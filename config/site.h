// The configuration of one installation: which sites and feeds there are, where records come from and where results go, limits
// and the tables that events are validated by. Read once at start; immutable after that. README.md has the grammar; examples/
// runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "engine/base/error.h"
#include "engine/model/validate.h"

namespace plumbline::config {

// A source system at a site, as events name it.
struct FeedConfig {
  std::string source;
  std::uint8_t kinds = 0;                 // bit 1 << EventKind
  std::int64_t timeout_ms = 300'000;      // no heartbeat and no event for so long: silent
  std::int64_t future_ms = 300'000;       // events this far beyond their arrival are refused
  std::int64_t old_ms = model::kNoLimit;  // and this far before it
  std::int64_t usual_delay_ms = 0;        // of charting: the default grace of rules that read this feed
  bool heartbeats = true;                 // false: the feed writes none, and never counts as silent
};

struct SiteConfig {
  std::string site;
  std::string zone = "UTC";  // IANA name: "day of", ages and calendar windows
  std::vector<FeedConfig> feeds;
};

// Topics have these numbers in state: their order never changes.
struct TopicNames {
  std::string device = "plumbline.device.v1";
  std::string consultation = "plumbline.consultation.v1";
  std::string diagnosis = "plumbline.diagnosis.v1";
  std::string control = "plumbline.control.v1";
  std::string measures = "plumbline.measures.v1";
  std::string alerts = "plumbline.alerts.v1";
  std::string results = "plumbline.results.v1";  // of stage two
  std::string audit = "plumbline.audit.v1";
};

struct Property {
  std::string name, value;
};

// Where records come from and where output logs go.
enum class Medium : std::uint8_t { kLog, kKafka };

struct LogConfig {
  std::string folder = "data/log";
};

struct KafkaConfig {
  std::string brokers;
  std::string group = "plumbline";
  std::vector<Property> properties;  // handed to librdkafka as they are
};

struct StateConfig {
  std::string folder = "data/state";
  std::int64_t checkpoint_ms = 10'000;  // a checkpoint begins when the journal's tail would take longer than this to rerun
  std::int64_t cache_bytes = 256LL << 20;
};

// Output logs as JSON lines, besides the logs themselves.
struct LinesConfig {
  std::vector<std::string> logs;  // alerts, measures, dead_letters, audit
  std::string path;               // "-" is standard output
};

struct HttpConfig {
  std::string address = "127.0.0.1";
  std::int64_t port = 9464;  // 0: a free one; -1 (written `off`): no server
};

struct AlertmanagerConfig {
  std::string url;
  std::int64_t resend_ms = 60'000;
  std::int64_t give_up_ms = 900'000;  // an alert that could not be delivered for so long is itself an alert
};

struct SubjectLimits {
  std::int64_t subjects = 0;  // in memory; 0: all
  std::int64_t events = 200'000;
  std::int64_t bytes = 64LL << 20;
  std::int64_t instances = 10'000;
  std::int64_t corrections_ms = 400LL * 86'400'000;  // how long events can still be corrected
};

struct Config {
  std::string file;  // as given on the command line; relative paths in it start at its folder
  std::string name = "plumbline";
  std::vector<SiteConfig> sites;
  TopicNames topics;
  std::int64_t partitions = 8;
  std::int64_t workers = 1;
  Medium source = Medium::kLog;
  Medium outputs = Medium::kLog;
  LogConfig log;
  std::optional<KafkaConfig> kafka;
  StateConfig state;
  std::vector<LinesConfig> lines;
  HttpConfig http;
  std::optional<AlertmanagerConfig> alertmanager;
  std::vector<std::string> packs;  // paths
  SubjectLimits limits;
  // Codes and policies; its feeds are those of `sites`. `is_unit` is left for the caller to set.
  model::ValidationTables validation;

  [[nodiscard]] const SiteConfig* FindSite(std::string_view site) const;
};

// Reads the document; mistakes go to the diagnostics, and what could be read is returned.
[[nodiscard]] Config ReadConfig(const Node& root, Diagnostics& diagnostics);

// A file. kConfig with every mistake shown; kNotFound, kIo. Paths in it are made relative to the file's folder.
[[nodiscard]] Result<Config> LoadConfig(const std::string& path);

}  // namespace plumbline::config
