// Records of the control topic: what people decide while the engine runs. An input like the others: journalled by digest, read
// again on restart and replay, taken in the order of arrival between the events. A record is one JSON object:
//
//   {"command":"activate","by":NAME,"pack":{"name":FILE,"text":YAML},"effective_from":TIME}
//   {"command":"retire","by":NAME,"rule":ID | "pack":ID,"effective_from":TIME}
//   {"command":"acknowledge","by":NAME,"alert":ID,"text"?}
//   {"command":"comment","by":NAME,"alert":ID,"text":TEXT}
//   {"command":"contest","by":NAME,"alert":ID,"text":REASON}
//   {"command":"hand_over","by":NAME,"alert":ID,"to":NAME,"text"?}
//   {"command":"silence","by":NAME,"alert":ID | "rule":ID ("site"?),"until":TIME,"text":REASON}
//   {"command":"unsilence","by":NAME,"alert":ID | "rule":ID ("site"?)}
//
// TIME is a number (ms UTC) or RFC 3339. The bytes of a pack travel in the record, so that a journal can be rerun when the file
// on disk has changed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/model/event.h"
#include "engine/rule/rule_set.h"

namespace plumbline::run {

enum class ControlKind : std::uint8_t {
  kActivate = 1,
  kRetire = 2,
  kAcknowledge = 3,
  kComment = 4,
  kContest = 5,
  kHandOver = 6,
  kSilence = 7,
  kUnsilence = 8
};

[[nodiscard]] std::string_view Name(ControlKind kind);  // "hand_over"

struct Control {
  ControlKind kind = ControlKind::kComment;
  std::string by;
  bool has_alert = false;
  Hash128 alert;
  std::string rule, site;
  std::string pack_name, pack_text;      // activate; pack_name alone: the pack's id, for retire
  model::TimeMs from = model::kNoTime;   // activate, retire
  model::TimeMs until = model::kNoTime;  // silence
  std::string to, text;
};

// A pack's bytes as rules; the same bytes give the same rules.
using CompilePack = std::function<Result<rule::RuleSet>(const std::string& name, const std::string& text)>;

// kParse with what is wrong and what was expected.
[[nodiscard]] Result<Control> ParseControl(std::string_view json);
[[nodiscard]] std::string EncodeControl(const Control& control);

}  // namespace plumbline::run
