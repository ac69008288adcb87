#include "config/site.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include <date/tz.h>

#include "config/reader.h"

namespace plumbline::config {
namespace {

constexpr std::array<std::string_view, 3> kKindNames = {"device", "consultation", "diagnosis"};
constexpr std::array<std::string_view, 4> kOutputNames = {"alerts", "audit", "dead_letters", "measures"};
constexpr std::array<std::string_view, 2> kPolicyNames = {"accept", "reject"};
constexpr std::array<std::string_view, 2> kMediumNames = {"log", "kafka"};
constexpr std::int64_t kMaxPartitions = 1024;
constexpr std::int64_t kMaxWorkers = 256;

bool ZoneExists(const std::string& zone) {
  try {
    (void)date::locate_zone(zone);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::uint8_t ReadKinds(MapReader& map, const std::string& what) {
  const Node* node = map.Require("kinds");
  std::uint8_t kinds = 0;
  if (node == nullptr) return kinds;
  if (node->kind != NodeKind::kList || node->items.empty()) {
    map.Wrong(*node, "\"kinds\" of " + what + " is " + std::string(node->KindText()), "a list of: " + JoinNames(kKindNames));
    return kinds;
  }
  for (const Node& item : node->items) {
    const auto at = std::find(kKindNames.begin(), kKindNames.end(), item.text);
    if (at == kKindNames.end()) {
      map.Wrong(item, "\"" + item.text + "\" is no kind of event" + DidYouMean(item.text, kKindNames),
                "one of: " + JoinNames(kKindNames));
      continue;
    }
    kinds = static_cast<std::uint8_t>(kinds | 1U << (at - kKindNames.begin() + 1));
  }
  return kinds;
}

FeedConfig ReadFeed(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "a feed", diagnostics);
  FeedConfig feed;
  feed.source = map.Text("source");
  feed.kinds = ReadKinds(map, "feed " + feed.source);
  feed.heartbeats = map.Flag("heartbeats", feed.heartbeats);
  feed.timeout_ms = map.Duration("timeout", feed.timeout_ms);
  feed.future_ms = map.Duration("future", feed.future_ms);
  feed.old_ms = map.Duration("old", feed.old_ms);
  feed.usual_delay_ms = map.Duration("usual_delay", feed.usual_delay_ms);
  map.Finish();
  return feed;
}

SiteConfig ReadSite(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "a site", diagnostics);
  SiteConfig site;
  site.site = map.Text("site");
  site.zone = map.Text("zone", site.zone);
  if (!ZoneExists(site.zone))
    map.Wrong(*map.Optional("zone"), "there is no time zone \"" + site.zone + "\"", "an IANA name such as Asia/Shanghai");
  std::set<std::string> sources;
  for (const Node& item : map.Items("feeds")) {
    site.feeds.push_back(ReadFeed(item, diagnostics));
    const std::string& source = site.feeds.back().source;
    if (!source.empty() && !sources.insert(source).second)
      map.Wrong(item, "feed \"" + source + "\" is declared twice at this site");
  }
  map.Finish();
  return site;
}

void ReadSites(MapReader& root, Config& config, Diagnostics& diagnostics) {
  std::set<std::string> names;
  for (const Node& item : root.Items("sites")) {
    config.sites.push_back(ReadSite(item, diagnostics));
    const std::string& name = config.sites.back().site;
    if (!name.empty() && !names.insert(name).second) root.Wrong(item, "site \"" + name + "\" is declared twice");
  }
  for (const SiteConfig& site : config.sites) {
    for (const FeedConfig& feed : site.feeds) {
      config.validation.feeds.push_back({site.site, feed.source, feed.kinds, feed.future_ms, feed.old_ms});
    }
  }
}

TopicNames ReadTopics(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "topics", diagnostics);
  TopicNames t;
  std::set<std::string> names;
  const auto read = [&](std::string_view key, std::string& name) {
    name = map.Text(key, name);
    const bool fits = !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '.' || c == '_' || c == '-';
    });
    const Node* at = node.Find(key);
    if (!fits && at != nullptr)
      map.Wrong(*at, "\"" + name + "\" cannot name a topic", "up to 200 letters, digits, '.', '_' and '-'");
    if (!names.insert(name).second) map.Wrong(at != nullptr ? *at : node, "topic \"" + name + "\" is named twice");
  };
  read("device", t.device);
  read("consultation", t.consultation);
  read("diagnosis", t.diagnosis);
  read("control", t.control);
  read("measures", t.measures);
  read("alerts", t.alerts);
  read("results", t.results);
  read("audit", t.audit);
  map.Finish();
  return t;
}

KafkaConfig ReadKafka(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "kafka", diagnostics);
  KafkaConfig kafka;
  kafka.brokers = map.Text("brokers");
  kafka.group = map.Text("group", kafka.group);
  if (const Node* properties = map.Optional("properties")) {
    if (properties->kind != NodeKind::kMap)
      map.Wrong(*properties, "\"properties\" is " + std::string(properties->KindText()), "a map of librdkafka's names to texts");
    for (const Node::Entry& entry : properties->entries) {
      if (entry.value.kind != NodeKind::kText)
        map.Wrong(entry.value, "\"" + entry.key + "\" is " + std::string(entry.value.KindText()), "a text");
      kafka.properties.push_back({entry.key, entry.value.text});
    }
  }
  map.Finish();
  return kafka;
}

StateConfig ReadState(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "state", diagnostics);
  StateConfig state;
  state.folder = map.Text("folder", state.folder);
  state.checkpoint_ms = map.Duration("checkpoint", state.checkpoint_ms);
  state.cache_bytes = map.Whole("cache_megabytes", state.cache_bytes >> 20, 8, 1 << 20) << 20;
  map.Finish();
  return state;
}

LinesConfig ReadLines(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "lines", diagnostics);
  LinesConfig lines;
  lines.logs = map.Texts("logs");
  const Node* at = map.Require("logs");
  for (const std::string& log : lines.logs) {
    if (std::find(kOutputNames.begin(), kOutputNames.end(), log) != kOutputNames.end()) continue;
    map.Wrong(*at, "there is no output log \"" + log + "\"" + DidYouMean(log, kOutputNames),
              "some of: " + JoinNames(kOutputNames));
  }
  lines.path = map.Text("path");
  map.Finish();
  return lines;
}

HttpConfig ReadHttp(const Node& node, Diagnostics& diagnostics) {
  HttpConfig http;
  if (node.kind == NodeKind::kText && node.text == "off") {
    http.port = -1;
    return http;
  }
  MapReader map(node, "http", diagnostics);
  http.address = map.Text("address", http.address);
  http.port = map.Whole("port", http.port, 0, 65535);
  map.Finish();
  return http;
}

AlertmanagerConfig ReadAlertmanager(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "alertmanager", diagnostics);
  AlertmanagerConfig alertmanager;
  alertmanager.url = map.Text("url");
  const bool http = alertmanager.url.starts_with("http://") && alertmanager.url.size() > 7;
  if (!http && !alertmanager.url.empty())
    map.Wrong(*map.Optional("url"), "\"" + alertmanager.url + "\" is no address", "an address such as http://127.0.0.1:9093");
  alertmanager.resend_ms = map.Duration("resend", alertmanager.resend_ms);
  alertmanager.give_up_ms = map.Duration("give_up", alertmanager.give_up_ms);
  map.Finish();
  return alertmanager;
}

SubjectLimits ReadLimits(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "limits", diagnostics);
  SubjectLimits limits;
  limits.subjects = map.Whole("subjects_in_memory", limits.subjects, 1, 1'000'000'000);
  limits.events = map.Whole("events_per_subject", limits.events, 100, 100'000'000);
  limits.bytes = map.Whole("bytes_per_subject", limits.bytes, 65'536, std::int64_t{1} << 40);
  limits.instances = map.Whole("instances_per_subject", limits.instances, 10, 1'000'000);
  limits.corrections_ms = map.Duration("corrections", limits.corrections_ms);
  map.Finish();
  return limits;
}

model::UnitRange ReadRange(const Node::Entry& entry, Diagnostics& diagnostics) {
  model::UnitRange range{entry.key, std::nullopt, std::nullopt};
  const auto bound = [&](const Node& node) -> std::optional<Decimal> {
    return node.kind == NodeKind::kNull ? std::nullopt : DecimalOf(node, "a bound of \"" + entry.key + "\"", diagnostics);
  };
  if (entry.value.kind != NodeKind::kList || entry.value.items.size() != 2) {
    diagnostics.Add(entry.value.mark, ShownLength(entry.value),
                    "the range of \"" + entry.key + "\" is " + std::string(entry.value.KindText()),
                    "[low, high]; ~ where there is no bound");
    return range;
  }
  range.low = bound(entry.value.items[0]);
  range.high = bound(entry.value.items[1]);
  if (range.low && range.high && *range.low > *range.high) {
    diagnostics.Add(entry.value.mark, 1, "the lower bound of \"" + entry.key + "\" is above the upper one", "[low, high]");
  }
  return range;
}

model::CodeTable ReadCode(const Node& node, Diagnostics& diagnostics) {
  MapReader map(node, "a code", diagnostics);
  model::CodeTable table;
  const std::string text = map.Text("code");
  const std::size_t bar = text.rfind('|');
  if (bar == std::string::npos || bar == 0 || bar + 1 == text.size()) {
    if (!text.empty())
      map.Wrong(*map.Optional("code"), "\"" + text + "\" is no code", "system|code, such as http://loinc.org|59408-5");
  } else {
    table.system = text.substr(0, bar);
    table.code = text.substr(bar + 1);
  }
  (void)map.Text("title", "");
  if (const Node* units = map.Optional("units")) {
    if (units->kind != NodeKind::kMap)
      map.Wrong(*units, "\"units\" is " + std::string(units->KindText()), "a map of UCUM units to [low, high]");
    for (const Node::Entry& entry : units->entries) table.units.push_back(ReadRange(entry, diagnostics));
  }
  map.Finish();
  return table;
}

void ReadValidation(const Node& node, model::ValidationTables& tables, Diagnostics& diagnostics) {
  MapReader map(node, "validation", diagnostics);
  tables.unknown_codes = static_cast<model::UnknownPolicy>(map.OneOf("unknown_codes", 0, kPolicyNames));
  tables.unknown_feeds = static_cast<model::UnknownPolicy>(map.OneOf("unknown_feeds", 0, kPolicyNames));
  tables.undeclared.future_ms = map.Duration("future", tables.undeclared.future_ms);
  tables.undeclared.old_ms = map.Duration("old", tables.undeclared.old_ms);
  std::set<std::string> seen;
  for (const Node& item : map.Items("codes")) {
    tables.codes.push_back(ReadCode(item, diagnostics));
    const std::string name = tables.codes.back().system + "|" + tables.codes.back().code;
    if (name.size() > 1 && !seen.insert(name).second) map.Wrong(item, "code \"" + name + "\" has two tables");
  }
  map.Finish();
}

void CheckTogether(MapReader& root, const Config& config) {
  const bool kafka = config.source == Medium::kKafka || config.outputs == Medium::kKafka;
  if (kafka && !config.kafka)
    root.Wrong(root.node(), "source or outputs is kafka, but there is no \"kafka\"", "kafka: {brokers: host:port}");
  if (config.workers > config.partitions) {
    root.Wrong(*root.Optional("workers"),
               std::to_string(config.workers) + " workers for " + std::to_string(config.partitions) + " partitions",
               "at most one worker for each partition");
  }
}

std::string Beside(const std::string& file, const std::string& path) {
  const std::filesystem::path p(path);
  if (path.empty() || path == "-" || p.is_absolute()) return path;
  return (std::filesystem::path(file).parent_path() / p).lexically_normal().string();
}

}  // namespace

const SiteConfig* Config::FindSite(std::string_view site) const {
  const auto at = std::find_if(sites.begin(), sites.end(), [&](const SiteConfig& s) { return s.site == site; });
  return at == sites.end() ? nullptr : &*at;
}

Config ReadConfig(const Node& root, Diagnostics& diagnostics) {
  Config config;
  MapReader map(root, "a configuration", diagnostics);
  if (root.kind != NodeKind::kMap) return config;
  (void)map.Whole("plumbline", 1, 1, 1);  // the version of this format
  config.name = map.Text("name", config.name);
  ReadSites(map, config, diagnostics);
  if (const Node* node = map.Optional("topics")) config.topics = ReadTopics(*node, diagnostics);
  config.partitions = map.Whole("partitions", config.partitions, 1, kMaxPartitions);
  config.workers = map.Whole("workers", config.workers, 1, kMaxWorkers);
  config.source = static_cast<Medium>(map.OneOf("source", 0, kMediumNames));
  config.outputs = static_cast<Medium>(map.OneOf("outputs", static_cast<std::size_t>(config.source), kMediumNames));
  if (const Node* node = map.Optional("log")) {
    MapReader log(*node, "log", diagnostics);
    config.log.folder = log.Text("folder", config.log.folder);
    log.Finish();
  }
  if (const Node* node = map.Optional("kafka")) config.kafka = ReadKafka(*node, diagnostics);
  if (const Node* node = map.Optional("state")) config.state = ReadState(*node, diagnostics);
  for (const Node& node : map.Items("lines")) config.lines.push_back(ReadLines(node, diagnostics));
  if (const Node* node = map.Optional("http")) config.http = ReadHttp(*node, diagnostics);
  if (const Node* node = map.Optional("alertmanager")) config.alertmanager = ReadAlertmanager(*node, diagnostics);
  config.packs = map.Texts("packs");
  if (const Node* node = map.Optional("limits")) config.limits = ReadLimits(*node, diagnostics);
  if (const Node* node = map.Optional("validation")) ReadValidation(*node, config.validation, diagnostics);
  CheckTogether(map, config);
  map.Finish();
  return config;
}

Result<Config> LoadConfig(const std::string& path) {
  PLUMBLINE_ASSIGN(const std::string text, ReadTextFile(path));
  Diagnostics diagnostics(path, text);
  const Node root = ParseYaml(text, diagnostics);
  // Where the YAML itself is broken, missing keys would only repeat it.
  if (!diagnostics.empty() && root.kind != NodeKind::kMap) return std::unexpected(diagnostics.ToError());
  Config config = ReadConfig(root, diagnostics);
  if (!diagnostics.empty()) return std::unexpected(diagnostics.ToError());
  config.file = path;
  config.log.folder = Beside(path, config.log.folder);
  config.state.folder = Beside(path, config.state.folder);
  for (std::string& pack : config.packs) pack = Beside(path, pack);
  for (LinesConfig& lines : config.lines) lines.path = Beside(path, lines.path);
  return config;
}

}  // namespace plumbline::config
