// Operating failures as values. An Error has a numbered code from the one table below and a text that a hospital engineer can act
// on: where, what, and what to do. Bad *data* is not an Error: it is a RejectReason and goes to the dead-letter log.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace plumbline {

// Numbers are printed (PL1203) and searched for, so they are never used again for another meaning.
enum class ErrorCode : std::uint16_t {
  kUsage = 1001,            // the command line
  kConfig = 1002,           // the configuration or a rule pack; the text carries file:line:column
  kExpression = 1003,       // CQL that does not compile
  kNotFound = 1101,         // a file, topic, alert that is named and not there
  kIo = 1102,               // the operating system refused a read, write, sync, bind
  kUnavailable = 1103,      // a server that cannot be reached now; may be tried again
  kParse = 1104,            // a document (CSV, JSON, XML, table) that cannot be read; the text says where
  kLimit = 1105,            // a stated limit was passed
  kInvalidArgument = 1106,  // a value outside what the function is defined for; the text names it
  kIntegrity = 1201,        // a digest, checksum or sequence does not match: the partition stops
  kTrimmed = 1202,          // a topic no longer holds, or was recreated below, the position needed
  kVersion = 1203,          // an on-disk format or schema of another version
  kInternal = 1900,         // an exception out of a library that should not have thrown
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  // "PL1201: ..." as shown to people.
  [[nodiscard]] std::string Text() const { return "PL" + std::to_string(static_cast<int>(code)) + ": " + message; }
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace plumbline

// Returns the error of `expression` from the enclosing function; for Result<void>.
#define PLUMBLINE_TRY(expression)                                                    \
  do {                                                                               \
    if (auto try_result_ = (expression); !try_result_) [[unlikely]]                  \
      return std::unexpected(std::move(try_result_).error());                        \
  } while (false)

#define PLUMBLINE_CONCAT_INNER(a, b) a##b
#define PLUMBLINE_CONCAT(a, b) PLUMBLINE_CONCAT_INNER(a, b)

// PLUMBLINE_ASSIGN(auto x, Compute()): declares or assigns x, or returns the error.
#define PLUMBLINE_ASSIGN(target, expression) PLUMBLINE_ASSIGN_INNER(target, expression, PLUMBLINE_CONCAT(assign_result_, __LINE__))
#define PLUMBLINE_ASSIGN_INNER(target, expression, name)               \
  auto name = (expression);                                            \
  if (!name) [[unlikely]] return std::unexpected(std::move(name).error()); \
  target = *std::move(name)
