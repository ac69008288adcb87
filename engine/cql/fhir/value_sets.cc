#include "engine/cql/fhir/value_sets.h"

#include <simdjson.h>

#include <bit>

#include "engine/cql/fhir/text_hash.h"

namespace plumbline::cql::fhir {
namespace {

namespace dom = simdjson::dom;
constexpr int kMaxNesting = 32;  // of `contains` and `concept`

// The text of a member; a null data() where there is none.
std::string_view Member(dom::object object, std::string_view name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

}  // namespace

void ValueSetIndex::CodeTable::Grow() {
  slots_.assign(std::bit_ceil(codes_.size() * 4 + 8), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    std::size_t at = TextHash(codes_[i].code().code) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void ValueSetIndex::CodeTable::Insert(const Value& code) {
  codes_.push_back(code);
  if (codes_.size() * 2 > slots_.size()) return Grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = TextHash(code.code().code) & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = static_cast<std::uint32_t>(codes_.size());
}

bool ValueSetIndex::CodeTable::Contains(std::string_view code, std::string_view system) const {
  if (slots_.empty()) return false;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = TextHash(code) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const CodeData& entry = codes_[slots_[at] - 1].code();
    if (entry.code == code && (system.data() == nullptr || entry.system.data() == nullptr || entry.system == system)) return true;
  }
  return false;
}

// Walks one document. Errors carry the url of the value set they are in.
class ValueSetIndex::Reader {
 public:
  explicit Reader(ValueSetIndex& index) : index_(index) {}

  bool Document(dom::element element, int depth) {
    if (element.is_array()) {
      for (const dom::element item : dom::array(element)) {
        if (!Document(item, depth)) return false;
      }
      return true;
    }
    if (!element.is_object() || depth > 2) return false;
    const dom::object object(element);
    const std::string_view type = Member(object, "resourceType");
    if (type == "ValueSet") return ReadSet(object);
    if (type == "CodeSystem") return ReadSystem(object);
    dom::array entries;
    if (type != "Bundle" || object["entry"].get_array().get(entries) != simdjson::SUCCESS) return !type.empty();
    for (const dom::element entry : entries) {
      dom::element resource;
      if (entry["resource"].get(resource) == simdjson::SUCCESS && !Document(resource, depth + 1)) return false;
    }
    return true;
  }

 private:
  bool ReadSet(dom::object set) {
    const std::string_view url = Member(set, "url");
    if (url.empty()) return false;
    CodeTable& table = index_.SetOf(url);
    dom::array contains;
    if (set["expansion"]["contains"].get_array().get(contains) == simdjson::SUCCESS) {
      return ReadContains(table, contains, 0);
    }
    dom::array includes;
    if (set["compose"]["include"].get_array().get(includes) != simdjson::SUCCESS) return true;
    for (const dom::element include : includes) {
      dom::array concepts;
      if (include["concept"].get_array().get(concepts) != simdjson::SUCCESS) continue;
      ReadConcepts(table, Member(dom::object(include), "system"), concepts, 0);
    }
    return true;
  }

  bool ReadContains(CodeTable& table, dom::array contains, int depth) {
    if (depth > kMaxNesting) return false;
    for (const dom::element item : contains) {
      if (!item.is_object()) return false;
      const dom::object object(item);
      const std::string_view code = Member(object, "code");
      bool abstract = false;
      if (object["abstract"].get_bool().get(abstract) != simdjson::SUCCESS) abstract = false;
      if (code.data() != nullptr && !abstract) {
        index_.Insert(table, {.code = code,
                              .system = Member(object, "system"),
                              .version = Member(object, "version"),
                              .display = Member(object, "display")});
      }
      dom::array inner;
      if (object["contains"].get_array().get(inner) == simdjson::SUCCESS && !ReadContains(table, inner, depth + 1)) return false;
    }
    return true;
  }

  bool ReadConcepts(CodeTable& table, std::string_view system, dom::array concepts, int depth) {
    if (depth > kMaxNesting) return false;
    for (const dom::element item : concepts) {
      if (!item.is_object()) return false;
      const dom::object object(item);
      const std::string_view code = Member(object, "code");
      if (code.data() != nullptr) {
        index_.Insert(table, {.code = code, .system = system, .version = {}, .display = Member(object, "display")});
      }
      dom::array inner;
      if (object["concept"].get_array().get(inner) == simdjson::SUCCESS && !ReadConcepts(table, system, inner, depth + 1))
        return false;
    }
    return true;
  }

  bool ReadSystem(dom::object system) {
    const std::string_view url = Member(system, "url");
    if (url.empty()) return false;
    auto& table = index_.systems_[index_.arena_.Copy(url)];
    if (table == nullptr) table = std::make_unique<CodeTable>();
    dom::array concepts;
    return system["concept"].get_array().get(concepts) != simdjson::SUCCESS || ReadConcepts(*table, url, concepts, 0);
  }

  ValueSetIndex& index_;
};

Result<void> ValueSetIndex::Add(std::string_view json) {
  dom::parser parser;
  dom::element root;
  const auto code = parser.parse(json.data(), json.size()).get(root);
  if (code != simdjson::SUCCESS) return Fail(ErrorCode::kParse, std::string("value sets: ") + simdjson::error_message(code));
  if (!Reader(*this).Document(root, 0)) {
    return Fail(ErrorCode::kParse,
                "value sets: not a ValueSet, CodeSystem or Bundle, or one of them without url or nested too deep");
  }
  return {};
}

void ValueSetIndex::AddCodes(std::string_view url, std::span<const CodeData> codes) {
  CodeTable& table = SetOf(url);
  for (const CodeData& code : codes) Insert(table, code);
}

ValueSetIndex::CodeTable& ValueSetIndex::SetOf(std::string_view url) {
  url = WithoutVersion(url);
  const auto found = sets_.find(url);
  if (found != sets_.end()) return *found->second;
  return *sets_.emplace(arena_.Copy(url), std::make_unique<CodeTable>()).first->second;
}

void ValueSetIndex::Insert(CodeTable& table, const CodeData& code) {
  const auto keep = [this](std::string_view text) { return text.data() == nullptr ? text : arena_.Copy(text); };
  // An expansion repeats a code where two of its parts include it.
  if (code.system.data() != nullptr && table.Contains(code.code, code.system)) return;
  table.Insert(Value::Code(arena_.Make(CodeData{
      .code = keep(code.code), .system = keep(code.system), .version = keep(code.version), .display = keep(code.display)})));
  ++code_count_;
}

std::optional<bool> ValueSetIndex::InValueSet(const VocabularyData& set, std::string_view code, std::string_view system) const {
  const auto found = sets_.find(WithoutVersion(set.id));
  if (found == sets_.end()) return missing_ == MissingSet::kEmpty ? std::optional(false) : std::nullopt;
  return found->second->Contains(code, system);
}

std::optional<bool> ValueSetIndex::InCodeSystem(const VocabularyData& system, std::string_view code) const {
  const auto found = systems_.find(WithoutVersion(system.id));
  if (found == systems_.end()) return missing_ == MissingSet::kEmpty ? std::optional(false) : std::nullopt;
  return found->second->Contains(code, {});
}

std::optional<std::span<const Value>> ValueSetIndex::Expand(const VocabularyData& set, Arena& /*arena*/) const {
  const auto found = sets_.find(WithoutVersion(set.id));
  if (found == sets_.end()) return missing_ == MissingSet::kEmpty ? std::optional(std::span<const Value>()) : std::nullopt;
  return found->second->codes();
}

}  // namespace plumbline::cql::fhir
