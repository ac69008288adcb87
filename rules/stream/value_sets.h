// The value sets of a rule pack: names to codes. A member is a code, or in the classifications that are trees by their codes'
// text (ATC, ICD-9, ICD-10) a code with everything below it; elsewhere a trailing * says so.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/cql/context.h"
#include "engine/rule/rule_set.h"

namespace plumbline::rules {

class ValueSet final : public rule::CodeSet {
 public:
  // "system|code"; kConfig when it is not of that form.
  [[nodiscard]] Result<void> Add(std::string_view member);
  [[nodiscard]] bool Contains(std::string_view system, std::string_view code) const override;
  struct Member {
    std::string system, code;
    bool below = false;
  };
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

 private:
  std::vector<Member> members_;
};

class ValueSets final : public cql::TermService {
 public:
  [[nodiscard]] std::shared_ptr<const ValueSet> Find(std::string_view name) const;
  void Add(std::string name, std::shared_ptr<const ValueSet> set) { sets_[std::move(name)] = std::move(set); }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const ValueSet>, std::less<>>& all() const { return sets_; }

  std::optional<bool> InValueSet(const cql::VocabularyData& set, std::string_view code, std::string_view system) const override;
  std::optional<bool> InCodeSystem(const cql::VocabularyData& system, std::string_view code) const override;
  std::optional<std::span<const cql::Value>> Expand(const cql::VocabularyData& set, cql::Arena& arena) const override;

 private:
  std::map<std::string, std::shared_ptr<const ValueSet>, std::less<>> sets_;
};

}  // namespace plumbline::rules
