#include "rules/pack/pack.h"

#include <algorithm>

#include "rules/pack/pack_internal.h"

namespace plumbline::rules {

using config::MapReader;
using config::Node;

namespace {

void ReadValueSets(const Node& node, PackReader& reader) {
  if (node.kind != config::NodeKind::kMap) {
    reader.diagnostics.Add(node.mark, config::ShownLength(node), "value sets are a map of names to lists of codes",
                           "Name: [\"system|code\"]");
    return;
  }
  for (const Node::Entry& entry : node.entries) {
    auto set = std::make_shared<ValueSet>();
    for (const Node& item : entry.value.items) {
      const auto text = config::TextOf(item, "a code", reader.diagnostics);
      if (!text) continue;
      if (const auto added = set->Add(*text); !added)
        reader.diagnostics.Add(item.mark, config::ShownLength(item), added.error().message);
    }
    if (entry.value.items.empty())
      reader.diagnostics.Add(entry.key_mark, entry.key.size(), "this value set has no codes", "[\"system|code\"]");
    reader.sets->Add(entry.key, std::move(set));
  }
}

void ReadDocument(const Node& root, PackReader& reader, PackInfo& info) {
  MapReader map(root, "a pack", reader.diagnostics);
  info.id = map.Text("pack");
  info.version = map.Text("version");
  if (const Node* title = map.Require("title")) {
    MapReader t(*title, "a title", reader.diagnostics);
    info.title_en = t.Text("en");
    info.title_zh = t.Text("zh");
    t.Finish();
  }
  if (const Node* source = map.Require("source")) {
    MapReader s(*source, "a source", reader.diagnostics);
    info.source_document = s.Text("document");
    info.source_edition = s.Text("edition", "");
    info.source_effective = s.Text("effective");
    info.source_status = s.Text("status", "");
    (void)s.Text("superseded_by", "");
    (void)s.Text("note", "");
    s.Finish();
  }
  (void)map.Text("description", "");
  if (const Node* sets = map.Optional("valuesets")) ReadValueSets(*sets, reader);
  if (!info.id.empty()) reader.rules->packs.push_back(info.id);
  for (const Node& rule : map.Items("rules")) reader.ReadRule(rule, info);
  map.Finish();
}

void Canonical(const Node& node, std::string& out) {
  switch (node.kind) {
    case config::NodeKind::kNull:
      out += "~;";
      return;
    case config::NodeKind::kText:
      out += std::to_string(node.text.size()) + ":" + node.text + ";";
      return;
    case config::NodeKind::kList:
      out += "[";
      for (const Node& item : node.items) Canonical(item, out);
      out += "]";
      return;
    case config::NodeKind::kMap: {
      std::vector<const Node::Entry*> entries;
      for (const Node::Entry& e : node.entries) entries.push_back(&e);
      std::sort(entries.begin(), entries.end(), [](const Node::Entry* a, const Node::Entry* b) { return a->key < b->key; });
      out += "{";
      for (const Node::Entry* e : entries) {
        out += e->key + "=";
        Canonical(e->value, out);
      }
      out += "}";
    }
  }
}

Result<void> ReadInto(const std::string& file, const std::string& text, const PackOptions& options, Packs& packs,
                      rule::RuleSet& rules, std::map<std::string, std::size_t>& numbers) {
  config::Diagnostics diagnostics(file, text);
  const Node root = config::ParseYaml(text, diagnostics);
  PackInfo info;
  info.file = file;
  info.digest = Sha256Of(text);
  if (diagnostics.empty()) {
    PackReader reader{diagnostics, options, std::make_shared<ValueSets>(), numbers, &rules, &packs.tests, {}};
    ReadDocument(root, reader, info);
    numbers = reader.rule_numbers;
  }
  if (!diagnostics.empty()) return std::unexpected(diagnostics.ToError());
  packs.packs.push_back(std::move(info));
  return {};
}

}  // namespace

Digest PackReader::DigestOf(const Node& rule) const {
  std::string text;
  Node told = rule;
  std::erase_if(told.entries, [](const Node::Entry& e) { return e.key == "tests"; });
  Canonical(told, text);
  for (const auto& [name, set] : sets->all()) {
    if (text.find("\"" + name + "\"") == std::string::npos) continue;
    text += name + "(";
    for (const ValueSet::Member& m : set->members()) text += m.system + "|" + m.code + (m.below ? "*;" : ";");
    text += ")";
  }
  return Sha256Of(text);
}

Result<Packs> ReadPacks(const std::vector<PackText>& texts, const PackOptions& options) {
  Packs out;
  auto rules = std::make_shared<rule::RuleSet>();
  std::map<std::string, std::size_t> numbers;
  std::string errors;
  for (const PackText& t : texts) {
    if (const auto read = ReadInto(t.file, t.text, options, out, *rules, numbers); !read) errors += read.error().message;
  }
  if (!errors.empty()) return Fail(ErrorCode::kConfig, errors);
  Sha256 sha;
  for (const PackInfo& p : out.packs) sha.Update(std::span<const std::byte>(p.digest));
  rules->digest = sha.Finish();
  out.rules = std::move(rules);
  return out;
}

Result<Packs> LoadPacks(const std::vector<std::string>& files, const PackOptions& options) {
  std::vector<PackText> texts;
  std::string errors;
  for (const std::string& file : files) {
    auto text = config::ReadTextFile(file);
    if (text) {
      texts.push_back({file, *std::move(text)});
    } else {
      errors += text.error().message + "\n";
    }
  }
  auto packs = ReadPacks(texts, options);
  if (!packs) errors += packs.error().message;
  if (!errors.empty()) return Fail(ErrorCode::kConfig, errors);
  return packs;
}

Result<Packs> ReadPack(const std::string& file, const std::string& text, const PackOptions& options) {
  Packs out;
  auto rules = std::make_shared<rule::RuleSet>();
  std::map<std::string, std::size_t> numbers;
  PLUMBLINE_TRY(ReadInto(file, text, options, out, *rules, numbers));
  rules->digest = out.packs.front().digest;
  out.rules = std::move(rules);
  return out;
}

Cost CostOf(const rule::Rule& rule) {
  Cost cost;
  cost.bytes_an_event = sizeof(rule::Row) + sizeof(std::uint64_t);
  for (const rule::Selector& s : rule.selectors) {
    cost.keep_ms = std::max(cost.keep_ms, rule.kind->KeepMs(s.roles));
    cost.payload = cost.payload || s.needs_payload;
  }
  return cost;
}

std::string CostText(const rule::Rule& rule) {
  const Cost cost = CostOf(rule);
  return std::to_string(cost.bytes_an_event) + " bytes an event kept" + (cost.payload ? " and the event's own bytes" : "") +
         (cost.keep_ms == rule::kForever ? ", kept for ever" : ", kept for " + std::to_string(cost.keep_ms / 60'000) + " min");
}

}  // namespace plumbline::rules
