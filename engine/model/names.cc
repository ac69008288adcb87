#include "engine/model/names.h"

#include <array>
#include <cstddef>
#include <span>

namespace plumbline::model {
namespace {

// Indexed by the enumeration's number; an empty text after the first place is a number not in use.
constexpr std::array<std::string_view, 5> kKinds = {"", "device", "consultation", "diagnosis", "heartbeat"};
constexpr std::array<std::string_view, 3> kStatuses = {"final", "amended", "entered-in-error"};
constexpr std::array<std::string_view, 11> kActions = {
    "",        "requested", "started",      "ended",     "referred-up",      "referred-down",
    "advised", "ordered",   "administered", "performed", "follow-up-planned"};
constexpr std::array<std::string_view, 4> kModalities = {"", "in-person", "remote", "ar-assisted"};
constexpr std::array<std::string_view, 5> kCertainties = {"", "suspected", "probable", "confirmed", "ruled-out"};
constexpr std::array<std::string_view, 4> kDecidedBy = {"", "clinician", "expert-panel", "ai-assistance"};

template <typename Enum>
std::string_view Lookup(std::span<const std::string_view> names, Enum value) {
  const auto i = static_cast<std::size_t>(value);
  return i < names.size() ? names[i] : std::string_view();
}

template <typename Enum>
std::optional<Enum> Find(std::span<const std::string_view> names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view NameOf(EventKind kind) { return Lookup(kKinds, kind); }
std::string_view NameOf(EventStatus status) { return Lookup(kStatuses, status); }
std::string_view NameOf(Action action) { return Lookup(kActions, action); }
std::string_view NameOf(Modality modality) { return Lookup(kModalities, modality); }
std::string_view NameOf(Certainty certainty) { return Lookup(kCertainties, certainty); }
std::string_view NameOf(DecidedBy decided_by) { return Lookup(kDecidedBy, decided_by); }

template <>
std::optional<EventKind> FromName<EventKind>(std::string_view name) {
  return name.empty() ? std::nullopt : Find<EventKind>(kKinds, name);
}
template <>
std::optional<EventStatus> FromName<EventStatus>(std::string_view name) {
  return Find<EventStatus>(kStatuses, name);
}
template <>
std::optional<Action> FromName<Action>(std::string_view name) {
  return Find<Action>(kActions, name);
}
template <>
std::optional<Modality> FromName<Modality>(std::string_view name) {
  return Find<Modality>(kModalities, name);
}
template <>
std::optional<Certainty> FromName<Certainty>(std::string_view name) {
  return Find<Certainty>(kCertainties, name);
}
template <>
std::optional<DecidedBy> FromName<DecidedBy>(std::string_view name) {
  return Find<DecidedBy>(kDecidedBy, name);
}

}  // namespace plumbline::model
