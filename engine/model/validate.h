// Is a decoded event acceptable here: is its feed declared, its time credible, its unit one that the code is measured in, its
// value within what can be? The tables come from the site's configuration. What is refused goes to the dead-letter log.
//
// One validator per worker thread (it remembers which units it has looked up); an ordinary event costs no allocation.
//
// What is not asked of whom:
// - a heartbeat has no patient, id, code or value; its feed and time are checked (a `complete_to` in the future is refused);
// - a withdrawal (entered in error) needs an id, patient and version, no code or value;
// - a correction (version above 1, or a withdrawal) may be of an event older than the feed's limit;
// - a QC sample (qc_material) needs no patient, then its device is the key; its value may lie outside the plausible range.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/event.h"
#include "engine/model/reject.h"

namespace plumbline::model {

enum class UnknownPolicy : std::uint8_t { kAccept, kReject };

// Plausible values of a code in one unit; an absent bound bounds nothing. Bounds are inclusive.
struct UnitRange {
  std::string unit;
  std::optional<Decimal> low, high;
};

struct CodeTable {
  std::string system, code;
  std::vector<UnitRange> units;  // empty: any UCUM unit
};

inline constexpr std::int64_t kNoLimit = -1;

struct FeedLimits {
  std::string site, source;
  std::uint8_t kinds = 0xFF;         // bit 1 << EventKind; heartbeats are always brought
  std::int64_t future_ms = 300'000;  // event time may be this far beyond arrival
  std::int64_t old_ms = kNoLimit;    // and this far before it
};

struct ValidationTables {
  std::vector<FeedLimits> feeds;
  UnknownPolicy unknown_feeds = UnknownPolicy::kAccept;  // an undeclared feed has the limits of `undeclared`
  FeedLimits undeclared;
  std::vector<CodeTable> codes;
  UnknownPolicy unknown_codes = UnknownPolicy::kAccept;  // of device values; consultations and diagnoses are open vocabularies
  std::function<bool(std::string_view)> is_unit;         // is it UCUM? Not set: any unit of up to 64 printable characters
};

class Validator {
 public:
  explicit Validator(ValidationTables tables);
  ~Validator();
  Validator(const Validator&) = delete;
  Validator& operator=(const Validator&) = delete;

  // kNone: acceptable. `key` is the record's key, `arrival_ms` its arrival time.
  [[nodiscard]] RejectReason Validate(const Event& event, std::string_view key, std::int64_t arrival_ms);
  // Of the last Validate that refused.
  [[nodiscard]] const Reject& reject() const { return reject_; }

  // The feed's place in the tables; nullopt for one that is not declared.
  [[nodiscard]] std::optional<std::size_t> FindFeed(std::string_view site, std::string_view source) const;

 private:
  struct Index;

  [[nodiscard]] RejectReason CheckHead(const Event& event, std::string_view key);
  [[nodiscard]] RejectReason CheckFeedAndTime(const Event& event, std::int64_t arrival_ms);
  [[nodiscard]] RejectReason CheckValue(const Event& event);
  [[nodiscard]] RejectReason CheckQuantity(const Event& event, const CodeTable* table);
  [[nodiscard]] bool IsUnit(std::string_view unit);
  [[nodiscard]] RejectReason Refuse(RejectReason reason, std::string detail);

  ValidationTables tables_;
  std::unique_ptr<Index> index_;
  Reject reject_;
};

}  // namespace plumbline::model
