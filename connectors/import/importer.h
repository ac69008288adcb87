// Tables to records of the three streams by a mapping: reads every stream's file, evaluates its rows, and hands the events to a
// sink in the order of their arrival. What cannot become an event is counted and kept as an example with its row and columns. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "connectors/import/mapping.h"
#include "connectors/import/row_program.h"
#include "connectors/sink/event_sink.h"

namespace plumbline::importer {

struct ImportOptions {
  std::string data_folder;
  std::string temporary_folder;  // for the sort, when memory does not do
  std::size_t memory_bytes = 256U << 20;
  bool json = false;              // events as JSON instead of FlatBuffers
  std::size_t max_examples = 20;  // of rejects
  std::vector<std::string> only;  // names of streams; empty: all
};

struct RejectExample {
  std::string file;
  std::uint64_t row = 0;
  RowReject reject;
  [[nodiscard]] std::string Text() const;  // "diagnosis.csv.gz: row 7: event 0 time: "x" is no number (from diagnosisoffset)"
};

struct StreamCounts {
  std::string name, file;
  std::uint64_t rows = 0;
  std::uint64_t not_wanted = 0;     // rows by the stream's `where`
  std::uint64_t rejected_rows = 0;  // rows whose join or `where` failed
  std::uint64_t events = 0;
  std::uint64_t rejected_events = 0;
};

struct ImportReport {
  std::vector<StreamCounts> streams;
  std::uint64_t records = 0;  // written, in all
  std::uint64_t by_kind[sink::kStreams] = {0, 0, 0};
  std::uint64_t rejected = 0;                             // rows and events
  std::map<std::string, std::uint64_t> rejects_by_field;  // "diagnosis: event 0 time"
  std::vector<RejectExample> examples;
  std::int64_t first_arrival_ms = 0, last_arrival_ms = 0;
  std::size_t sort_runs = 0;

  [[nodiscard]] std::string Text() const;
  [[nodiscard]] std::string Json() const;
};

// `progress` is told (done, total, records); reading counts compressed bytes, writing counts records.
using ImportProgress =
    std::function<void(std::string_view phase, std::uint64_t done, std::uint64_t total, std::uint64_t records)>;

// The mapping's expressions are checked before anything is written. kParse where a file is no table.
[[nodiscard]] Result<ImportReport> Import(const Mapping& mapping, const ImportOptions& options, sink::EventSink& sink,
                                          const ImportProgress& progress);

// Compiles every expression against the headers of the files that are there, without reading on.
[[nodiscard]] Result<void> CheckMapping(const Mapping& mapping, const std::string& data_folder);

}  // namespace plumbline::importer
