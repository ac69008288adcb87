// Shared by the files that read a pack; see pack.h.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "config/reader.h"
#include "rules/pack/condition.h"
#include "rules/pack/pack.h"

namespace plumbline::rules {

// `[Type: "Value set"] alias where condition`.
struct SelectorText {
  std::string type;
  std::string value_set;  // empty: every code
  std::string alias;
  ExpressionText where;  // text empty: none
};

struct PackReader {
  config::Diagnostics& diagnostics;
  const PackOptions& options;
  std::shared_ptr<ValueSets> sets;
  std::map<std::string, std::size_t> rule_numbers;  // id/revision
  rule::RuleSet* rules;
  std::vector<RuleTest>* tests;
  std::vector<Definition> definitions;  // of the rule that is read

  void ReadRule(const config::Node& node, PackInfo& info);
  void ReadTests(const config::Node& node, const std::string& rule);
  void ReadDefinitions(const config::Node& node, std::vector<Definition>& into);
  // Of what the rule says: all of it but its tests, and the value sets that it names.
  [[nodiscard]] Digest DigestOf(const config::Node& rule) const;

 private:
  std::optional<SelectorText> ReadSelector(const config::Node& node);
  void Select(rule::Rule& rule, const SelectorText& selector, rule::Roles roles, bool payload);
  void SelectHistory(rule::Rule& rule, const CompiledCondition& condition);
  std::shared_ptr<const rule::Condition> Compile(rule::Rule& rule, const ExpressionText& text, const std::vector<Alias>& aliases,
                                                 bool* payload);
  std::shared_ptr<const rule::Condition> CompileField(config::MapReader& map, std::string_view key, rule::Rule& rule,
                                                      const std::vector<Alias>& aliases, bool* payload);
  void ReadCheck(config::MapReader& map, rule::Rule& rule);
  void ReadPathway(config::MapReader& map, rule::Rule& rule);
  void ReadIndicator(config::MapReader& map, rule::Rule& rule, bool* keep_rule);
  void ReadMeasure(config::MapReader& map, rule::Measure& measure);
  std::vector<rule::FeedIndex> ReadFeeds(config::MapReader& map);
};

}  // namespace plumbline::rules
