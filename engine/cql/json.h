// Values as JSON, for people and programs: numbers as written, dates and times as their text, structured types as objects with
// the names of their elements.
#pragma once

#include <string>
#include <string_view>

#include "engine/cql/value.h"

namespace plumbline::cql {

void AppendJson(const Value& value, std::string* out);
[[nodiscard]] std::string ToJson(const Value& value);
void AppendJsonText(std::string_view text, std::string* out);  // with quotes

}  // namespace plumbline::cql
