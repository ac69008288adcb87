// Value sets and code systems out of FHIR JSON, for membership by url, system and code. Filled once, then read by any number of
// threads. Versions are not told apart: of two ValueSets with one url the later adds its codes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/arena.h"
#include "engine/cql/context.h"
#include "engine/cql/value.h"

namespace plumbline::cql::fhir {

// What membership does when a library names a value set that was never loaded.
enum class MissingSet : std::uint8_t { kError, kEmpty };

class ValueSetIndex final : public TermService {
 public:
  explicit ValueSetIndex(MissingSet missing = MissingSet::kError) : missing_(missing) {}

  // A ValueSet, a CodeSystem, a Bundle or an array of them; other resources are passed over. A ValueSet gives the codes of its
  // expansion; without one, those its `compose` lists one by one.
  [[nodiscard]] Result<void> Add(std::string_view json);
  // A value set given as codes; a null system() stands for any.
  void AddCodes(std::string_view url, std::span<const CodeData> codes);

  [[nodiscard]] bool Has(std::string_view url) const { return sets_.contains(WithoutVersion(url)); }
  [[nodiscard]] std::size_t size() const { return sets_.size(); }
  [[nodiscard]] std::size_t code_count() const { return code_count_; }

  [[nodiscard]] std::optional<bool> InValueSet(const VocabularyData& set, std::string_view code,
                                               std::string_view system) const override;
  [[nodiscard]] std::optional<bool> InCodeSystem(const VocabularyData& system, std::string_view code) const override;
  [[nodiscard]] std::optional<std::span<const Value>> Expand(const VocabularyData& set, Arena& arena) const override;

 private:
  class CodeTable {
   public:
    void Insert(const Value& code);
    [[nodiscard]] bool Contains(std::string_view code, std::string_view system) const;
    [[nodiscard]] std::span<const Value> codes() const { return codes_; }

   private:
    void Grow();
    std::vector<Value> codes_;
    std::vector<std::uint32_t> slots_;  // index + 1 into codes_, open addressing by the code's hash
  };
  class Reader;

  [[nodiscard]] static std::string_view WithoutVersion(std::string_view url) { return url.substr(0, url.find('|')); }
  CodeTable& SetOf(std::string_view url);
  void Insert(CodeTable& table, const CodeData& code);

  MissingSet missing_;
  Arena arena_;
  std::unordered_map<std::string_view, std::unique_ptr<CodeTable>> sets_;
  std::unordered_map<std::string_view, std::unique_ptr<CodeTable>> systems_;
  std::size_t code_count_ = 0;
};

}  // namespace plumbline::cql::fhir
