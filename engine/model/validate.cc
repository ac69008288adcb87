#include "engine/model/validate.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "engine/base/hash.h"
#include "engine/model/iso_time.h"
#include "engine/model/names.h"

namespace plumbline::model {
namespace {

constexpr std::size_t kMaxUnitText = 64;
constexpr std::size_t kMaxRememberedUnits = 4096;

struct TextHasher {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return static_cast<std::size_t>(HashText(text).lo); }
};

// Two texts as one key of a flat table: open addressing, built once, a quarter full at most.
class PairTable {
 public:
  struct Key {
    std::string_view first, second;
  };
  template <typename KeyOf>
  void Build(std::size_t n, KeyOf key_of) {
    std::size_t capacity = 16;
    while (capacity < 4 * n) capacity *= 2;
    slots_.assign(capacity, 0);
    keys_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      keys_[i] = key_of(i);
      std::size_t at = Hash(keys_[i]);
      while (slots_[at] != 0) at = (at + 1) & (capacity - 1);
      slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }
  [[nodiscard]] std::optional<std::size_t> Find(Key key) const {
    for (std::size_t at = Hash(key); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      const std::size_t i = slots_[at] - 1;
      if (keys_[i].first == key.first && keys_[i].second == key.second) return i;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::size_t Hash(Key key) const {
    const std::uint64_t mixed = QuickHash(key.first) * 0x9E3779B97F4A7C15ULL + QuickHash(key.second);
    return static_cast<std::size_t>(mixed ^ (mixed >> 32)) & (slots_.size() - 1);
  }
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(16, 0);
  std::vector<Key> keys_;
};

bool IsCorrection(const Event& e) { return e.version > 1 || e.status == EventStatus::kEnteredInError; }
bool IsQc(const Event& e) { return !e.qc_material.empty(); }

std::string CodeText(const Event& e) { return std::string(e.code.system) + "|" + std::string(e.code.code); }

std::string Units(const CodeTable& table) {
  std::string text;
  for (const UnitRange& u : table.units) text += (text.empty() ? "" : ", ") + u.unit;
  return text;
}

}  // namespace

struct Validator::Index {
  PairTable feeds, codes;
  std::unordered_map<std::string, bool, TextHasher, std::equal_to<>> units;
};

Validator::Validator(ValidationTables tables) : tables_(std::move(tables)), index_(std::make_unique<Index>()) {
  index_->feeds.Build(tables_.feeds.size(), [&](std::size_t i) {
    return PairTable::Key{tables_.feeds[i].site, tables_.feeds[i].source};
  });
  index_->codes.Build(tables_.codes.size(), [&](std::size_t i) {
    return PairTable::Key{tables_.codes[i].system, tables_.codes[i].code};
  });
}
Validator::~Validator() = default;

std::optional<std::size_t> Validator::FindFeed(std::string_view site, std::string_view source) const {
  return index_->feeds.Find({site, source});
}

RejectReason Validator::Refuse(RejectReason reason, std::string detail) {
  reject_ = {reason, std::move(detail), kNoPosition};
  return reason;
}

RejectReason Validator::Validate(const Event& event, std::string_view key, std::int64_t arrival_ms) {
  if (event.kind != EventKind::kHeartbeat) {
    if (const RejectReason reason = CheckHead(event, key); reason != RejectReason::kNone) return reason;
  }
  if (const RejectReason reason = CheckFeedAndTime(event, arrival_ms); reason != RejectReason::kNone) return reason;
  if (event.kind == EventKind::kHeartbeat || event.status == EventStatus::kEnteredInError) return RejectReason::kNone;
  return CheckValue(event);
}

RejectReason Validator::CheckHead(const Event& event, std::string_view key) {
  if (key.empty()) return Refuse(RejectReason::kEmptyKey, "the record has no key; the patient is expected");
  if (event.id.empty()) return Refuse(RejectReason::kEmptyId, "the event has no id");
  const bool by_device = event.patient.empty() && IsQc(event);
  if (event.patient.empty() && !by_device) return Refuse(RejectReason::kEmptyPatient, "the event has no patient");
  const std::string_view expected = by_device ? event.device : event.patient;
  if (key != expected) {
    return Refuse(RejectReason::kKeyMismatch,
                  std::string("the record's key is not the event's ") + (by_device ? "device" : "patient"));
  }
  if (event.version == 0) return Refuse(RejectReason::kBadVersion, "version 0; versions begin at 1");
  if (event.waiting_ms < kNoDuration || event.duration_ms < kNoDuration || event.follow_up_within_ms < kNoDuration) {
    return Refuse(RejectReason::kBadDuration, "a waiting time, duration or follow-up time is negative");
  }
  return RejectReason::kNone;
}

RejectReason Validator::CheckFeedAndTime(const Event& event, std::int64_t arrival_ms) {
  const std::optional<std::size_t> found = FindFeed(event.site, event.source);
  if (!found && tables_.unknown_feeds == UnknownPolicy::kReject) {
    return Refuse(RejectReason::kUnknownFeed, "feed (site \"" + std::string(event.site) + "\", source \"" +
                                                  std::string(event.source) + "\") is not declared in the configuration");
  }
  const FeedLimits& feed = found ? tables_.feeds[*found] : tables_.undeclared;
  const unsigned bit = 1U << static_cast<unsigned>(event.kind);
  if (event.kind != EventKind::kHeartbeat && (feed.kinds & bit) == 0) {
    return Refuse(RejectReason::kKindNotBrought, "feed (" + feed.site + ", " + feed.source + ") is not declared to bring " +
                                                     std::string(NameOf(event.kind)) + " events");
  }
  if (event.time > arrival_ms && event.time - arrival_ms > feed.future_ms && feed.future_ms != kNoLimit) {
    return Refuse(RejectReason::kFuture, "event time " + FormatTime(event.time) + " is " +
                                             std::to_string(event.time - arrival_ms) + " ms after arrival; the feed's limit is " +
                                             std::to_string(feed.future_ms));
  }
  if (feed.old_ms != kNoLimit && event.time < arrival_ms && arrival_ms - event.time > feed.old_ms && !IsCorrection(event)) {
    return Refuse(RejectReason::kTooOld, "event time " + FormatTime(event.time) + " is " +
                                             std::to_string(arrival_ms - event.time) +
                                             " ms before arrival; the feed's limit is " + std::to_string(feed.old_ms));
  }
  return RejectReason::kNone;
}

RejectReason Validator::CheckValue(const Event& event) {
  const bool device = event.kind == EventKind::kDevice;
  if (event.code.code.empty()) return Refuse(RejectReason::kUnknownCode, "the event has no code");
  if (device && !event.has_quantity && event.value_code.code.empty()) {
    return Refuse(RejectReason::kMissingValue, "a device event with neither value nor coded value");
  }
  const std::optional<std::size_t> found = index_->codes.Find({event.code.system, event.code.code});
  if (device && !found && tables_.unknown_codes == UnknownPolicy::kReject) {
    return Refuse(RejectReason::kUnknownCode, "code " + CodeText(event) + " is not in the site's tables");
  }
  return event.has_quantity ? CheckQuantity(event, found ? &tables_.codes[*found] : nullptr) : RejectReason::kNone;
}

RejectReason Validator::CheckQuantity(const Event& event, const CodeTable* table) {
  const std::string_view unit = event.quantity.unit;
  if (table == nullptr || table->units.empty()) {
    if (unit == "1" || IsUnit(unit)) return RejectReason::kNone;
    return Refuse(RejectReason::kUnknownUnit, "\"" + std::string(unit.substr(0, kMaxUnitText)) + "\" is not a UCUM unit");
  }
  for (const UnitRange& range : table->units) {
    if (range.unit != unit) continue;
    const bool plausible =
        (!range.low || event.quantity.value >= *range.low) && (!range.high || event.quantity.value <= *range.high);
    if (plausible || IsQc(event)) return RejectReason::kNone;
    return Refuse(RejectReason::kImplausible, CodeText(event) + " of " + event.quantity.value.ToText() + " " + range.unit +
                                                  " is outside " + (range.low ? range.low->ToText() : "") + " to " +
                                                  (range.high ? range.high->ToText() : ""));
  }
  if (!IsUnit(unit))
    return Refuse(RejectReason::kUnknownUnit, "\"" + std::string(unit.substr(0, kMaxUnitText)) + "\" is not a UCUM unit");
  return Refuse(RejectReason::kWrongUnit, CodeText(event) + " in \"" + std::string(unit) + "\"; expected " + Units(*table));
}

bool Validator::IsUnit(std::string_view unit) {
  if (unit.empty() || unit.size() > kMaxUnitText) return false;
  const bool printable = std::all_of(unit.begin(), unit.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!printable || !tables_.is_unit) return printable;
  auto& units = index_->units;
  if (const auto at = units.find(unit); at != units.end()) return at->second;
  const bool known = tables_.is_unit(unit);
  if (units.size() < kMaxRememberedUnits) units.emplace(unit, known);
  return known;
}

}  // namespace plumbline::model
