// One rule of a pack to its compiled form.
#include <algorithm>
#include <array>

#include "rules/kinds/check.h"
#include "rules/kinds/indicator.h"
#include "rules/kinds/pathway.h"
#include "rules/pack/pack_internal.h"
#include "rules/stream/stream_model.h"

namespace plumbline::rules {

using config::MapReader;
using config::Node;
using rule::Basis;
using rule::GroupField;
using rule::Measure;
using rule::Rule;
using rule::Statistic;
using rule::WindowKind;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDefaultLateness = 15 * kMinute;
constexpr std::int64_t kUnset = -1;

// `retain: 90 days` or `retain: forever`: how far back conditions read that state no bound themselves.
std::int64_t Retain(MapReader& map) {
  const Node* node = map.Optional("retain");
  if (node == nullptr || node->text == "forever") return rule::kForever;
  return map.Duration("retain", rule::kForever);
}

void SkipSpace(std::string_view text, std::size_t& at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
}

std::string_view TakeWord(std::string_view text, std::size_t& at) {
  SkipSpace(text, at);
  const std::size_t begin = at;
  while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_')) ++at;
  return text.substr(begin, at - begin);
}

}  // namespace

std::optional<SelectorText> PackReader::ReadSelector(const Node& node) {
  const auto text = config::TextOf(node, "a selection of events", diagnostics);
  if (!text) return std::nullopt;
  std::size_t at = 0;
  const auto wrong = [&](std::string message, std::string expected) -> std::optional<SelectorText> {
    diagnostics.Add(config::MarkInText(node, std::min(at, text->size()), diagnostics), 1, std::move(message),
                    std::move(expected));
    return std::nullopt;
  };
  SelectorText out;
  SkipSpace(*text, at);
  if (at >= text->size() || (*text)[at] != '[')
    return wrong("a selection of events begins with [", "[Device: \"Value set\"] alias where condition");
  ++at;
  const std::size_t type_at = (SkipSpace(*text, at), at);
  out.type = TakeWord(*text, at);
  if (!KindOfType(out.type)) {
    at = type_at;
    const auto names = StreamModel().TypeNames();
    return wrong("there are no events of type \"" + out.type + "\"" + config::DidYouMean(out.type, names),
                 "Device, Consultation or Diagnosis");
  }
  SkipSpace(*text, at);
  if (at < text->size() && (*text)[at] == ':') {
    ++at;
    SkipSpace(*text, at);
    const std::size_t name_at = at;
    if (at >= text->size() || (*text)[at] != '"')
      return wrong("a value set is named in double quotes here", "[" + out.type + ": \"Value set\"]");
    const std::size_t end = text->find('"', at + 1);
    if (end == std::string::npos) return wrong("the name of the value set does not end", "a closing \"");
    out.value_set = text->substr(at + 1, end - at - 1);
    at = end + 1;
    if (!sets->Find(out.value_set)) {
      std::vector<std::string_view> names;
      for (const auto& [name, set] : sets->all()) names.push_back(name);
      at = name_at;
      return wrong("this pack has no value set \"" + out.value_set + "\"" + config::DidYouMean(out.value_set, names),
                   config::JoinNames(names));
    }
  }
  SkipSpace(*text, at);
  if (at >= text->size() || (*text)[at] != ']') return wrong("the selection does not end", "]");
  ++at;
  std::size_t before = at;
  std::string_view word = TakeWord(*text, at);
  if (word != "where") {
    out.alias = word;
    before = at;
    word = TakeWord(*text, at);
  }
  if (word == "where") {
    SkipSpace(*text, at);
    out.where = {&node, at, text->substr(at)};
    return out;
  }
  at = before;
  SkipSpace(*text, at);
  if (at < text->size()) return wrong("this is not part of a selection", "where, or the end");
  return out;
}

void PackReader::Select(Rule& rule, const SelectorText& selector, rule::Roles roles, bool payload) {
  rule.selectors.push_back(
      {*KindOfType(selector.type), selector.value_set.empty() ? nullptr : sets->Find(selector.value_set), roles, payload});
}

void PackReader::SelectHistory(Rule& rule, const CompiledCondition& condition) {
  for (const CompiledCondition::Retrieve& r : condition.retrieves) {
    const auto kind = KindOfType(r.type);
    if (!kind) continue;
    rule.selectors.push_back(
        {*kind, r.value_set.empty() ? nullptr : sets->Find(r.value_set), rule::kHistoryRole, condition.reads_payload});
  }
}

std::shared_ptr<const rule::Condition> PackReader::Compile(Rule& rule, const ExpressionText& text,
                                                           const std::vector<Alias>& aliases, bool* payload) {
  if (text.node == nullptr || text.text.empty()) return nullptr;
  std::vector<Alias> named;
  std::copy_if(aliases.begin(), aliases.end(), std::back_inserter(named), [](const Alias& a) { return !a.name.empty(); });
  const CompiledCondition compiled = CompileCondition(text, named, definitions, sets, diagnostics);
  *payload = *payload || compiled.reads_payload;
  SelectHistory(rule, compiled);
  return compiled.condition;
}

std::shared_ptr<const rule::Condition> PackReader::CompileField(MapReader& map, std::string_view key, Rule& rule,
                                                                const std::vector<Alias>& aliases, bool* payload) {
  const Node* node = map.Optional(key);
  if (node == nullptr) return nullptr;
  const auto text = config::TextOf(*node, "an expression", diagnostics);
  if (!text) return nullptr;
  return Compile(rule, {node, 0, *text}, aliases, payload);
}

std::vector<rule::FeedIndex> PackReader::ReadFeeds(MapReader& map) {
  std::vector<rule::FeedIndex> out;
  const Node* node = map.Optional("feeds");
  if (node == nullptr) return out;
  for (const std::string& name : map.Texts("feeds")) {
    bool found = false;
    for (std::size_t i = 0; i < options.feeds.size(); ++i) {
      const std::string& feed = options.feeds[i];
      if (feed != name && feed.substr(feed.find('/') + 1) != name) continue;
      out.push_back(static_cast<rule::FeedIndex>(i));
      found = true;
    }
    if (found || options.feeds.empty()) continue;
    std::vector<std::string_view> names(options.feeds.begin(), options.feeds.end());
    map.Wrong(*node, "the configuration declares no feed \"" + name + "\"" + config::DidYouMean(name, names),
              config::JoinNames(names));
  }
  return out;
}

void PackReader::ReadCheck(MapReader& map, Rule& rule) {
  CheckOptions o;
  const Node* on = map.Require("on");
  const auto selector = on != nullptr ? ReadSelector(*on) : std::nullopt;
  const std::vector<Alias> aliases =
      selector ? std::vector<Alias>{{selector->alias, selector->type, Bound::kRow}} : std::vector<Alias>{};
  bool payload = false;
  if (selector) o.when = Compile(rule, selector->where, aliases, &payload);
  const Node* must = map.Require("must");
  if (must != nullptr) rule.step_texts.push_back({must->text, false, 0});
  o.must = CompileField(map, "must", rule, aliases, &payload);
  o.count = static_cast<std::uint32_t>(map.Whole("consecutive", 1, 1, 1000));
  o.hold_ms = map.Duration("hold", 0);
  o.carry_ms = map.Duration("carry", 0);
  o.clear_ms = map.Duration("clear", 0);
  o.lookback_ms = map.Duration("lookback", 0);
  o.lateness_ms = map.Duration("lateness", kDefaultLateness);
  o.per_encounter = map.OneOf("per", 0, std::array<std::string_view, 2>{"patient", "encounter"}) == 1;
  if (o.hold_ms > 0 && o.carry_ms == 0) {
    map.Wrong(*map.Require("hold"), "a rule that holds must say how long a value stands without the next", "carry: 5 minutes");
  }
  if (o.must && o.must->ReadsHistory() && o.lookback_ms == 0) {
    map.Wrong(*map.Require("must"), "this expression reads the patient's history; say how far back it looks",
              "lookback: 6 hours");
  }
  if (selector) Select(rule, *selector, rule::kTriggerRole, payload);
  if (o.must) rule.kind = MakeCheck(std::move(o));
}

void PackReader::ReadPathway(MapReader& map, Rule& rule) {
  PathwayOptions o;
  const Node* when = map.Require("when");
  const auto trigger = when != nullptr ? ReadSelector(*when) : std::nullopt;
  const Alias trigger_alias{trigger ? trigger->alias : "", trigger ? trigger->type : "", Bound::kTrigger};
  bool payload = false;
  if (trigger) {
    o.when = Compile(rule, trigger->where, {{trigger->alias, trigger->type, Bound::kRow}}, &payload);
    o.unless = CompileField(map, "unless", rule, {trigger_alias}, &payload);
  }
  const auto read_step = [&](MapReader& step, std::string name) {
    PathwayStep s;
    s.name = std::move(name);
    const Node* expect = step.Optional("expect");
    const Node* forbid = step.Optional("forbid");
    if ((expect == nullptr) == (forbid == nullptr)) {
      step.Wrong(step.node(), "a step expects something or forbids something", "expect: [...] or forbid: [...]");
      return;
    }
    s.forbidden = forbid != nullptr;
    rule.step_texts.push_back({(s.forbidden ? forbid : expect)->text, s.forbidden, 0});
    const auto answer = ReadSelector(expect != nullptr ? *expect : *forbid);
    (void)step.Require("within");
    s.within_ms = step.Duration("within", 0);
    s.lookback_ms = step.Duration("lookback", 0);
    rule.step_texts.back().within_ms = s.within_ms;
    const std::string after = step.Text("after", "");
    if (!after.empty()) {
      const auto it = std::find_if(o.steps.begin(), o.steps.end(), [&](const PathwayStep& x) { return x.name == after; });
      if (it == o.steps.end()) {
        step.Wrong(*step.Optional("after"), "no earlier step is named \"" + after + "\"");
      } else {
        s.after_step = static_cast<int>(it - o.steps.begin());
      }
    }
    bool step_payload = false;
    if (answer) {
      s.where = Compile(rule, answer->where, {{answer->alias, answer->type, Bound::kRow}, trigger_alias}, &step_payload);
      Select(rule, *answer, static_cast<rule::Roles>(rule::kFirstStepRole << o.steps.size()), step_payload);
    }
    rule.steps.push_back(s.name);
    o.steps.push_back(std::move(s));
  };
  if (map.Optional("steps") != nullptr) {
    for (const Node& item : map.Items("steps")) {
      MapReader step(item, "a step", diagnostics);
      read_step(step, step.Text("name"));
      step.Finish();
    }
    if (o.steps.size() > 12) map.Wrong(*map.Optional("steps"), "a pathway has at most 12 steps");
  } else {
    read_step(map, "");
  }
  o.lateness_ms = map.Duration("lateness", kDefaultLateness);
  o.grace_ms = map.Duration("grace", 0);
  o.per_encounter = map.OneOf("per", 0, std::array<std::string_view, 2>{"patient", "encounter"}) == 1;
  o.first_only = map.OneOf("instances", 0, std::array<std::string_view, 2>{"each", "first"}) == 1;
  o.period_ms = map.Duration("period", rule::kForever);
  o.feeds = ReadFeeds(map);
  o.retain_ms = Retain(map);
  if (trigger) Select(rule, *trigger, rule::kTriggerRole, payload);
  if (!o.steps.empty()) rule.kind = MakePathway(std::move(o));
}

void PackReader::ReadMeasure(MapReader& map, Measure& measure) {
  measure.statistic = static_cast<Statistic>(
      map.OneOf("statistic", 0, std::array<std::string_view, 4>{"rate", "count", "mean", "percentile"}) + 1);
  if (measure.statistic == Statistic::kPercentile) {
    const Node* q = map.Require("percentile");
    const auto d = q != nullptr ? config::DecimalOf(*q, "a percentile", diagnostics) : std::nullopt;
    if (d && (*d < Decimal() || *d > Decimal::FromInteger(100))) map.Wrong(*q, "a percentile lies between 0 and 100");
    if (d) measure.quantile = d->ToDouble() / 100;
  }
  static constexpr std::array<std::string_view, 8> kFields = {"site", "source", "code",         "clinician",
                                                              "role", "device", "device_model", "unit"};
  for (const std::string& field : map.Texts("by")) {
    const auto it = std::find(kFields.begin(), kFields.end(), field);
    if (it == kFields.end()) {
      map.Wrong(*map.Optional("by"), "cases cannot be grouped by \"" + field + "\"" + config::DidYouMean(field, kFields),
                config::JoinNames(kFields));
    } else {
      measure.by.push_back(static_cast<GroupField>(it - kFields.begin() + 1));
    }
  }
  const Node* window = map.Optional("window");
  if (window != nullptr && window->kind == config::NodeKind::kMap) {
    MapReader w(*window, "a window", diagnostics);
    measure.window.length_ms = w.Duration("length", kUnset);
    measure.window.every_ms = w.Duration("every", 0);
    measure.window.kind = measure.window.every_ms > 0 ? WindowKind::kSliding : WindowKind::kTumbling;
    if (measure.window.length_ms <= 0 || measure.window.length_ms % rule::kPaneMs != 0 ||
        measure.window.every_ms % rule::kPaneMs != 0) {
      w.Wrong(*window, "a window's length and step are whole quarter-hours", "{length: 24 hours, every: 1 hour}");
    }
    w.Finish();
  } else {
    static constexpr std::array<std::string_view, 6> kKinds = {"all", "day", "week", "month", "quarter", "year"};
    static constexpr std::array<WindowKind, 6> kOf = {WindowKind::kAll,   WindowKind::kDay,     WindowKind::kWeek,
                                                      WindowKind::kMonth, WindowKind::kQuarter, WindowKind::kYear};
    measure.window.kind = kOf[map.OneOf("window", 0, kKinds)];
  }
  measure.min_n = static_cast<std::uint32_t>(map.Whole("min_n", 0, 0, 1'000'000));
}

void PackReader::ReadIndicator(MapReader& map, Rule& rule, bool* keep_rule) {
  Measure measure;
  measure.id = rule.id;
  measure.revision = rule.revision;
  measure.pack = rule.pack;
  measure.digest = rule.digest;
  const Node* of = map.Optional("of");
  if (of != nullptr) {
    // Of another rule's cases: no rule of its own.
    *keep_rule = false;
    const std::string name = map.Text("of");
    const auto it = std::find_if(rules->rules.begin(), rules->rules.end(), [&](const Rule& r) { return r.id == name; });
    if (it == rules->rules.end()) map.Wrong(*of, "no rule \"" + name + "\" stands before this one");
    measure.rule = static_cast<std::uint16_t>(it == rules->rules.end() ? 0 : it - rules->rules.begin());
    measure.basis = std::array<Basis, 3>{
        Basis::kCase, Basis::kRow,
        Basis::kSubject}[map.OneOf("cases", 0, std::array<std::string_view, 3>{"instances", "events", "patients"})];
    ReadMeasure(map, measure);
    const bool payload = std::any_of(measure.by.begin(), measure.by.end(),
                                     [](GroupField f) { return f >= GroupField::kClinician && f <= GroupField::kDeviceModel; });
    if (payload && it != rules->rules.end()) {
      for (rule::Selector& s : it->selectors) s.needs_payload = s.needs_payload || (s.roles & rule::kTriggerRole) != 0;
    }
    rules->measures.push_back(std::move(measure));
    return;
  }
  IndicatorOptions o;
  const Node* population = map.Require("population");
  const auto selector = population != nullptr ? ReadSelector(*population) : std::nullopt;
  const std::vector<Alias> aliases =
      selector ? std::vector<Alias>{{selector->alias, selector->type, Bound::kRow}} : std::vector<Alias>{};
  bool payload = false;
  if (selector) o.population = Compile(rule, selector->where, aliases, &payload);
  o.exclude = CompileField(map, "exclude", rule, aliases, &payload);
  o.numerator = CompileField(map, "numerator", rule, aliases, &payload);
  o.lateness_ms = map.Duration("lateness", kDefaultLateness);
  o.lookback_ms = map.Duration("lookback", 0);
  o.per_encounter = map.OneOf("per", 0, std::array<std::string_view, 2>{"patient", "encounter"}) == 1;
  for (const auto& c : {o.population, o.exclude, o.numerator}) o.by_history = o.by_history || (c && c->ReadsHistory());
  if (o.by_history && o.lookback_ms == 0)
    map.Wrong(*population, "this indicator reads the patient's history; say how far back it looks", "lookback: 6 hours");
  ReadMeasure(map, measure);
  measure.basis = o.by_history ? Basis::kCase : Basis::kRow;
  payload = payload || std::any_of(measure.by.begin(), measure.by.end(),
                                   [](GroupField f) { return f >= GroupField::kClinician && f <= GroupField::kDeviceModel; });
  if (selector) Select(rule, *selector, rule::kTriggerRole, payload);
  rule.kind = MakeIndicator(std::move(o));
  rule.silent = true;
  measure.rule = static_cast<std::uint16_t>(rules->rules.size());
  rules->measures.push_back(std::move(measure));
}

void PackReader::ReadDefinitions(const Node& node, std::vector<Definition>& into) {
  if (node.kind != config::NodeKind::kMap) {
    diagnostics.Add(node.mark, config::ShownLength(node), "definitions are a map of names to expressions", "Name: expression");
    return;
  }
  for (const Node::Entry& e : node.entries) {
    const auto text = config::TextOf(e.value, "an expression", diagnostics);
    if (text) into.push_back({e.key, {&e.value, 0, *text}});
  }
}

void PackReader::ReadRule(const Node& node, PackInfo& info) {
  MapReader map(node, "a rule", diagnostics);
  Rule rule;
  rule.id = map.Text("id");
  rule.revision = static_cast<std::uint32_t>(map.Whole("revision", 1, 1, 1'000'000));
  const std::size_t status = map.OneOf("status", 2, std::array<std::string_view, 4>{"draft", "shadow", "active", "retired"});
  rule.shadow = status == 1;
  rule.severity =
      static_cast<rule::Severity>(map.OneOf("severity", 1, std::array<std::string_view, 3>{"info", "warning", "critical"}));
  rule.speaks = map.OneOf("speaks", 0, std::array<std::string_view, 2>{"early", "final"}) == 0 ? rule::Speaks::kEarly
                                                                                               : rule::Speaks::kFinal;
  if (const Node* title = map.Optional("title")) {
    MapReader t(*title, "a title", diagnostics);
    rule.title_en = t.Text("en");
    rule.title_zh = t.Text("zh");
    t.Finish();
  }
  rule.pack = info.id;
  rule.document = map.Text("source", info.source_document);
  rule.edition = info.source_edition.empty() ? info.source_effective : info.source_edition;
  rule.clause = map.Text("clause", "");
  rule.digest = DigestOf(node);
  (void)map.Text("description", "");
  definitions.clear();
  if (const Node* defines = map.Optional("define")) ReadDefinitions(*defines, definitions);
  const auto [known, fresh] = rule_numbers.try_emplace(rule.id + "/" + std::to_string(rule.revision), rules->rules.size());
  if (!fresh && !rule.id.empty())
    map.Wrong(node, "rule \"" + rule.id + "\" revision " + std::to_string(rule.revision) + " stands here a second time",
              "a new revision");
  bool keep = true;
  static constexpr std::array<std::string_view, 3> kKinds = {"check", "pathway", "indicator"};
  const std::size_t kind = map.OneOf("kind", 0, kKinds);
  rule.kind_name = kKinds[kind];
  switch (kind) {
    case 0:
      ReadCheck(map, rule);
      break;
    case 1:
      ReadPathway(map, rule);
      break;
    default:
      ReadIndicator(map, rule, &keep);
  }
  if (const Node* tests_node = map.Optional("tests")) ReadTests(*tests_node, rule.id);
  map.Finish();
  info.rule_ids.push_back(rule.id);
  if (!keep || !rule.kind) return;
  if (status == 3 || (status == 0 && !options.include_drafts)) return;
  rules->rules.push_back(std::move(rule));
}

}  // namespace plumbline::rules
