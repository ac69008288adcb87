// The names of the event model's enumerations, as JSON, CQL (`A.action = 'administered'`), mapping files and reports write them.
#pragma once

#include <optional>
#include <string_view>

#include "engine/model/event.h"

namespace plumbline::model {

// Lower case with hyphens: "entered-in-error", "follow-up-planned". The empty name stands for kNone.
[[nodiscard]] std::string_view NameOf(EventKind kind);
[[nodiscard]] std::string_view NameOf(EventStatus status);
[[nodiscard]] std::string_view NameOf(Action action);
[[nodiscard]] std::string_view NameOf(Modality modality);
[[nodiscard]] std::string_view NameOf(Certainty certainty);
[[nodiscard]] std::string_view NameOf(DecidedBy decided_by);

// nullopt for a text that names no value.
template <typename Enum>
[[nodiscard]] std::optional<Enum> FromName(std::string_view name);
template <>
std::optional<EventKind> FromName<EventKind>(std::string_view name);
template <>
std::optional<EventStatus> FromName<EventStatus>(std::string_view name);
template <>
std::optional<Action> FromName<Action>(std::string_view name);
template <>
std::optional<Modality> FromName<Modality>(std::string_view name);
template <>
std::optional<Certainty> FromName<Certainty>(std::string_view name);
template <>
std::optional<DecidedBy> FromName<DecidedBy>(std::string_view name);

}  // namespace plumbline::model
