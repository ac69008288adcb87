#include "engine/rule/vocabulary.h"

namespace plumbline::rule {

void Vocabulary::Grow() {
  slots_.assign(slots_.empty() ? 256 : slots_.size() * 2, kNoTerm);
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    std::size_t at = terms_[i].hash.lo & (slots_.size() - 1);
    while (slots_[at] != kNoTerm) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<Term>(i + 1);
  }
}

Term Vocabulary::Find(const Hash128& hash, std::string_view a, std::string_view b) {
  std::size_t at = hash.lo & (slots_.size() - 1);
  for (; slots_[at] != kNoTerm; at = (at + 1) & (slots_.size() - 1)) {
    if (terms_[slots_[at] - 1].hash == hash) return slots_[at];
  }
  if (terms_.size() >= kMaxTerms) return kNoTerm;
  Entry e;
  e.text = a;
  e.hash = hash;
  if (b.data() != nullptr) {
    e.system_size = a.size();
    e.is_code = true;
    e.text += '|';
    e.text += b;
  }
  terms_.push_back(std::move(e));
  slots_[at] = static_cast<Term>(terms_.size());
  const Term term = slots_[at];
  if (terms_.size() * 2 > slots_.size()) Grow();
  return term;
}

void Vocabulary::Append(std::string_view text, bool is_code, std::size_t system_size) {
  if (is_code) {
    InternCode(text.substr(0, system_size), text.substr(system_size + 1));
  } else {
    Intern(text);
  }
}

}  // namespace plumbline::rule
