// What one evaluation needs beside its program: memory, the instant, terminology, data, limits, and the place where a run-time
// error is left. Made by whoever evaluates; used by one thread; the Arena is reset between evaluations, not within one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/cql/value.h"

namespace plumbline::cql {

class DataSource;  // data_model.h

// Value sets and code systems by url. Answers are nullopt where the vocabulary is not known, which is a run-time error.
class TermService {
 public:
  virtual ~TermService() = default;
  // `system` with a null data() pointer: the code alone is looked for.
  [[nodiscard]] virtual std::optional<bool> InValueSet(const VocabularyData& set, std::string_view code,
                                                       std::string_view system) const = 0;
  [[nodiscard]] virtual std::optional<bool> InCodeSystem(const VocabularyData& system, std::string_view code) const = 0;
  // Codes of a value set as Code values, in a fixed order; they live as long as the service or the arena.
  [[nodiscard]] virtual std::optional<std::span<const Value>> Expand(const VocabularyData& set, Arena& arena) const = 0;
};

// Receives Message(). The text lives in the arena of the evaluation.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual void OnMessage(std::string_view severity, std::string_view code, std::string_view text, const Value& source) = 0;
};

struct EvalLimits {
  std::uint64_t steps = 50'000'000;
  std::uint32_t depth = 1'000;
  std::size_t bytes = std::size_t{512} << 20;       // of the arena
  std::size_t list_size = 1'000'000;                // of one list that an operator makes
  std::size_t string_size = std::size_t{16} << 20;  // of one string that an operator makes
};

enum class EvalErrorKind : std::uint8_t {
  kNone,
  kValue,        // an operand the operator is not defined for (invalid boundaries, unknown units, singleton of several)
  kMessage,      // Message(..., 'Error', ...)
  kTerminology,  // a vocabulary that is not known
  kData,         // a retrieve or property that failed
  kLimit,        // a limit of EvalLimits
};

struct EvalContext {
  explicit EvalContext(Arena& memory) : arena(memory) {}

  Arena& arena;
  Value now;               // DateTime of the evaluation's instant, with the evaluation's offset
  int default_offset = 0;  // minutes; of DateTimes that carry none
  const TermService* terms = nullptr;
  DataSource* data = nullptr;
  MessageSink* messages = nullptr;
  EvalLimits limits;
  // Comparing two values is a matter of reading, but takes steps and may go over the limit.
  mutable std::uint64_t steps = 0;
  std::uint32_t depth = 0;
  mutable EvalErrorKind error = EvalErrorKind::kNone;
  mutable std::string_view error_message;  // in the arena, or a literal

  // Leaves the first error and returns null; the evaluator unwinds.
  Value Fail(EvalErrorKind kind, std::string_view message) const {
    if (error == EvalErrorKind::kNone) {
      error = kind;
      error_message = arena.Copy(message);
    }
    return {};
  }
  [[nodiscard]] bool Failed() const { return error != EvalErrorKind::kNone; }
  [[nodiscard]] bool OverLimit() const { return arena.used() > limits.bytes; }
  // Counts a step of a loop, a call, or a part of a value that is looked at; false when evaluation is to stop.
  [[nodiscard]] bool Step() const {
    if (++steps > limits.steps) [[unlikely]]
      (void)Fail(EvalErrorKind::kLimit, "the evaluation took more steps than its limit");
    if (OverLimit()) [[unlikely]]
      (void)Fail(EvalErrorKind::kLimit, "the evaluation needs more memory than its limit");
    return !Failed();
  }
};

}  // namespace plumbline::cql
