#include "engine/alert/handling.h"

#include <algorithm>
#include <tuple>

#include "engine/base/bytes.h"

namespace plumbline::alert {
namespace {

constexpr std::uint8_t kFormat = 1;

std::string KeyOf(const Hash128& chain) {
  std::string out = "h";
  ByteWriter(out).Hash(chain);
  return out;
}

std::string BytesOf(const Handling& h) {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.Text(h.acknowledged_by);
  w.I64(h.acknowledged_at);
  w.Text(h.owner);
  w.I64(h.silenced_until);
  w.Text(h.silenced_by);
  w.U8(h.contested ? 1 : 0);
  w.U32(h.entries);
  return out;
}

}  // namespace

const Handling* HandlingBook::Find(const Hash128& chain) const {
  const auto at = handled_.find(chain);
  return at == handled_.end() ? nullptr : &at->second;
}

Handling& HandlingBook::Change(const Hash128& chain) {
  dirty_.insert(chain);
  return handled_[chain];
}

void HandlingBook::Forget(const Hash128& chain) {
  if (handled_.erase(chain) > 0) dirty_.insert(chain);
}

void HandlingBook::Silence(RuleSilence silence) {
  (void)Unsilence(silence.rule, silence.site);
  silences_.push_back(std::move(silence));
  std::sort(silences_.begin(), silences_.end(),
            [](const RuleSilence& a, const RuleSilence& b) { return std::tie(a.rule, a.site) < std::tie(b.rule, b.site); });
  silences_dirty_ = true;
}

bool HandlingBook::Unsilence(std::string_view rule, std::string_view site) {
  const bool any = std::erase_if(silences_, [&](const RuleSilence& s) { return s.rule == rule && s.site == site; }) > 0;
  silences_dirty_ = silences_dirty_ || any;
  return any;
}

HandlingBook::Silenced HandlingBook::SilencedAt(const Hash128& chain, std::string_view rule, std::string_view site,
                                                TimeMs time) const {
  Silenced out;
  if (const Handling* h = Find(chain); h != nullptr && h->silenced_until > time) out = {h->silenced_until, h->silenced_by};
  for (const RuleSilence& s : silences_) {
    if (s.rule == rule && (s.site.empty() || s.site == site) && s.until > time && s.until > out.until) out = {s.until, s.by};
  }
  return out;
}

std::string HandlingBook::SilenceBytes() const {
  std::string out;
  ByteWriter w(out);
  w.U8(kFormat);
  w.U32(static_cast<std::uint32_t>(silences_.size()));
  for (const RuleSilence& s : silences_) {
    w.Text(s.rule);
    w.Text(s.site);
    w.I64(s.until);
    w.Text(s.by);
  }
  return out;
}

void HandlingBook::TakeDirty(std::map<std::string, std::string>* out) {
  for (const Hash128& chain : dirty_) {
    const Handling* h = Find(chain);
    (*out)[KeyOf(chain)] = h == nullptr ? std::string() : BytesOf(*h);
  }
  dirty_.clear();
  if (silences_dirty_) (*out)["H"] = SilenceBytes();
  silences_dirty_ = false;
}

void HandlingBook::AppendAll(std::map<std::string, std::string>* out) const {
  for (const auto& [chain, handling] : handled_) (*out)[KeyOf(chain)] = BytesOf(handling);
  if (!silences_.empty()) (*out)["H"] = SilenceBytes();
}

Result<void> HandlingBook::Restore(std::string_view key, std::string_view value) {
  ByteReader in(value);
  if (in.U8() != kFormat)
    return Fail(ErrorCode::kVersion, "what was done about an alert has another format in the checkpoint; start from the journal");
  if (key == "H") {
    for (std::uint32_t n = in.U32(); n > 0 && in.ok(); --n) {
      RuleSilence s;
      s.rule = in.Text();
      s.site = in.Text();
      s.until = in.I64();
      s.by = in.Text();
      silences_.push_back(std::move(s));
    }
  } else {
    ByteReader k(key.substr(1));
    Handling& h = handled_[k.Hash()];
    h.acknowledged_by = in.Text();
    h.acknowledged_at = in.I64();
    h.owner = in.Text();
    h.silenced_until = in.I64();
    h.silenced_by = in.Text();
    h.contested = in.U8() != 0;
    h.entries = in.U32();
    if (!k.ok() || !k.AtEnd()) return Fail(ErrorCode::kIntegrity, "the checkpoint holds a damaged key");
  }
  if (!in.ok() || !in.AtEnd()) return Fail(ErrorCode::kIntegrity, "what was done about an alert is cut short in the checkpoint");
  return {};
}

}  // namespace plumbline::alert
