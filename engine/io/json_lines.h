// Mirrors output logs as JSON lines to a file or to standard output, for people and for tools that read lines. It is a reader of
// the logs like any other: it holds up nobody, and what it has written it knows by its own last lines.
//
// One line an effect:
//   {"log":"alerts","partition":0,"offset":17,"entry":12,"index":0,"time_ms":1700000000000,"key":"...","value":<JSON>}
// A key that is no UTF-8 text is given as "key_base64"; a value that is no JSON as "value_base64".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/io/output_log.h"
#include "engine/io/source.h"

namespace plumbline::io {

class JsonLinesMirror {
 public:
  // `source` reads the output logs as its topics, `logs` says which log each topic is. To a file: goes on behind the last whole
  // line that is there, cutting off a torn one.
  [[nodiscard]] static Result<std::unique_ptr<JsonLinesMirror>> ToFile(FileSystem& files, const std::string& folder,
                                                                       const std::string& name, Source& source,
                                                                       std::vector<OutputLog> logs, std::uint32_t partitions);
  // To standard output: what comes from now on.
  [[nodiscard]] static Result<std::unique_ptr<JsonLinesMirror>> ToStandardOutput(Source& source, std::vector<OutputLog> logs,
                                                                                 std::uint32_t partitions);

  // Writes what has come since. Returns the number of lines.
  [[nodiscard]] Result<std::uint64_t> Pump();

 private:
  struct Private {};

 public:
  JsonLinesMirror(Private, Source& source, std::vector<OutputLog> logs, std::uint32_t partitions,
                  std::unique_ptr<AppendFile> file)
      : source_(source), logs_(std::move(logs)), partitions_(partitions), file_(std::move(file)) {}

 private:
  Source& source_;
  std::vector<OutputLog> logs_;
  std::uint32_t partitions_;
  std::unique_ptr<AppendFile> file_;
  std::string lines_;
};

// The line of one record, with its end of line.
[[nodiscard]] std::string JsonLine(OutputLog log, const Record& record);

}  // namespace plumbline::io
