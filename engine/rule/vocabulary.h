// Texts that rows refer to by number: codes ("system|code"), units, sites, source systems. Numbered by first appearance in the
// partition's inputs, so the numbering is part of the state; it never leaves it. Bounded: a partition that meets more than
// kMaxTerms different texts maps the rest to kNoTerm (their rows still carry the text in their payload).
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/rule/row.h"

namespace plumbline::rule {

class Vocabulary {
 public:
  static constexpr std::size_t kMaxTerms = 60'000;

  Vocabulary() { Grow(); }
  // kNoTerm for the empty text. No allocation for a text that is known.
  Term Intern(std::string_view text) {
    if (text.empty()) return kNoTerm;
    Term& recent = recent_[QuickHash(text) % recent_.size()];
    if (recent != kNoTerm && !terms_[recent - 1].is_code && terms_[recent - 1].text == text) return recent;
    return recent = Find(HashText(text), text, {});
  }
  Term InternCode(std::string_view system, std::string_view code) {
    Term& recent = recent_[(QuickHash(system) + 3 * QuickHash(code)) % recent_.size()];
    if (recent != kNoTerm && terms_[recent - 1].is_code && System(recent) == system && Code(recent) == code) return recent;
    return recent = Find(HashOfCode(system, code), system, code);
  }
  [[nodiscard]] std::string_view Text(Term term) const {
    return term == kNoTerm ? std::string_view{} : std::string_view(terms_[term - 1].text);
  }
  // A code's two halves. Lifetime: the vocabulary's.
  [[nodiscard]] std::string_view System(Term term) const { return Text(term).substr(0, SystemSize(term)); }
  [[nodiscard]] std::string_view Code(Term term) const {
    return term == kNoTerm ? std::string_view{} : Text(term).substr(SystemSize(term) + 1);
  }
  // Of the text; the same in every partition.
  [[nodiscard]] Hash128 HashOf(Term term) const { return term == kNoTerm ? Hash128{} : terms_[term - 1].hash; }
  [[nodiscard]] std::size_t size() const { return terms_.size(); }
  [[nodiscard]] bool IsCode(Term term) const { return term != kNoTerm && terms_[term - 1].is_code; }
  // In order of numbers: rebuilds the same numbering.
  void Append(std::string_view text, bool is_code, std::size_t system_size);
  [[nodiscard]] std::size_t SystemSize(Term term) const { return term == kNoTerm ? 0 : terms_[term - 1].system_size; }

 private:
  struct Entry {
    std::string text;
    Hash128 hash;
    std::size_t system_size = 0;
    bool is_code = false;
  };
  static Hash128 HashOfCode(std::string_view system, std::string_view code) {
    const Hash128 s = HashText(system), c = HashText(code);
    return {s.hi * 0x9E3779B97F4A7C15ULL + c.hi, (s.lo ^ 0x6A09E667F3BCC909ULL) * 0x9E3779B97F4A7C15ULL + c.lo};
  }
  Term Find(const Hash128& hash, std::string_view a, std::string_view b);
  void Grow();

  std::deque<Entry> terms_;
  std::vector<Term> slots_;         // open addressing by hash.lo
  std::array<Term, 256> recent_{};  // by a quick hash of the text: what most events name
};

}  // namespace plumbline::rule
