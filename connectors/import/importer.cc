#include "connectors/import/importer.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "connectors/csv/csv_reader.h"
#include "connectors/import/lookup.h"
#include "connectors/import/sorter.h"
#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/io/file_system.h"
#include "engine/model/decode.h"
#include "engine/model/encode.h"
#include "engine/model/iso_time.h"

namespace plumbline::importer {
namespace {

struct OpenStream {
  const StreamSpec* spec = nullptr;
  std::string path;
  std::unique_ptr<csv::CsvReader> reader;
  std::unique_ptr<RowProgram> program;
};

using Tables = std::map<std::string, Lookup, std::less<>>;

Result<Tables> LoadTables(const Mapping& mapping, const std::string& folder) {
  Tables tables;
  for (const TableSpec& spec : mapping.tables) {
    PLUMBLINE_ASSIGN(const std::string path, FindDataFile(folder, spec.file));
    PLUMBLINE_ASSIGN(Lookup table, Lookup::Load(path, spec.key, spec.separator));
    tables.emplace(spec.name, std::move(table));
  }
  return tables;
}

bool Chosen(const StreamSpec& stream, const std::vector<std::string>& only) {
  return only.empty() || std::find(only.begin(), only.end(), stream.name) != only.end();
}

Result<void> CheckOnly(const Mapping& mapping, const std::vector<std::string>& only) {
  std::vector<std::string_view> names;
  for (const StreamSpec& stream : mapping.streams) names.push_back(stream.name);
  for (const std::string& name : only) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return Fail(ErrorCode::kUsage, "the mapping has no stream \"" + name + "\"" + config::DidYouMean(name, names));
  }
  return {};
}

Result<OpenStream> Open(const Mapping& mapping, const StreamSpec& spec, const Tables& tables, const std::string& folder) {
  OpenStream stream;
  stream.spec = &spec;
  PLUMBLINE_ASSIGN(stream.path, FindDataFile(folder, spec.file));
  csv::CsvOptions options;
  options.separator = spec.separator;
  PLUMBLINE_ASSIGN(csv::CsvReader reader, csv::CsvReader::Open(stream.path, options));
  stream.reader = std::make_unique<csv::CsvReader>(std::move(reader));
  std::vector<JoinedTable> joined;
  for (const JoinSpec& join : spec.joins) {
    const auto table = tables.find(join.table);
    PLUMBLINE_CHECK(table != tables.end(), "joins are checked when the mapping is read");
    joined.push_back({join.table, &table->second});
  }
  PLUMBLINE_ASSIGN(stream.program, RowProgram::Compile(mapping, spec, stream.reader->header(), joined));
  return stream;
}

// All of them, so that the mistakes of several streams show at once.
Result<std::vector<OpenStream>> OpenAll(const Mapping& mapping, const Tables& tables, const std::string& folder,
                                        const std::vector<std::string>& only) {
  std::vector<OpenStream> streams;
  std::string mistakes;
  ErrorCode code = ErrorCode::kConfig;
  for (const StreamSpec& spec : mapping.streams) {
    if (!Chosen(spec, only)) continue;
    auto stream = Open(mapping, spec, tables, folder);
    if (!stream) {
      mistakes += (mistakes.empty() ? "" : "\n") + stream.error().message;
      code = stream.error().code;
      continue;
    }
    streams.push_back(*std::move(stream));
  }
  if (!mistakes.empty()) return Fail(code, mistakes);
  return streams;
}

class Run {
 public:
  Run(const ImportOptions& options, const ImportProgress& progress)
      : options_(options),
        progress_(progress),
        sorter_(io::PosixFileSystem(), {options.temporary_folder, options.memory_bytes}) {}

  Result<void> Read(OpenStream& stream) {
    StreamCounts counts;
    counts.name = stream.spec->name;
    counts.file = stream.path;
    csv::CsvReader& reader = *stream.reader;
    std::vector<std::string_view> fields(reader.header().size());
    while (true) {
      PLUMBLINE_ASSIGN(const bool more, reader.Next());
      if (!more) break;
      ++counts.rows;
      for (std::size_t c = 0; c < fields.size(); ++c) {
        const bool nothing = reader.Field(c).empty() && !reader.Quoted(c);
        fields[c] = nothing ? std::string_view() : reader.Field(c);
      }
      PLUMBLINE_TRY(Row(stream, fields, counts));
      progress_("read", read_before_ + reader.consumed(), total_bytes, sorter_.size());
    }
    read_before_ += reader.total();
    report.streams.push_back(std::move(counts));
    return {};
  }

  Result<void> Write(sink::EventSink& sink) {
    PLUMBLINE_TRY(sorter_.Finish());
    report.sort_runs = sorter_.runs();
    sink::OutRecord record;
    while (true) {
      PLUMBLINE_ASSIGN(const bool more, sorter_.Next(record));
      if (!more) break;
      record.json = options_.json;
      PLUMBLINE_TRY(sink.Write(record));
      if (report.records == 0) report.first_arrival_ms = record.arrival_ms;
      report.last_arrival_ms = record.arrival_ms;
      ++report.records;
      ++report.by_kind[sink::StreamIndex(record.stream)];
      progress_("write", report.records, sorter_.size(), report.records);
    }
    return sink.Finish();
  }

  ImportReport report;
  std::uint64_t total_bytes = 0;

 private:
  Result<void> Row(OpenStream& stream, const std::vector<std::string_view>& fields, StreamCounts& counts) {
    RowProgram& program = *stream.program;
    if (!program.Begin(fields)) {
      if (!program.reject()) {
        ++counts.not_wanted;
        return {};
      }
      ++counts.rejected_rows;
      Reject(stream, *program.reject());
      return {};
    }
    for (std::size_t i = 0; i < program.events(); ++i) {
      MappedEvent made;
      const RowProgram::Outcome outcome = program.Make(i, made);
      if (outcome == RowProgram::Outcome::kNotWanted) continue;
      if (outcome == RowProgram::Outcome::kRejected) {
        ++counts.rejected_events;
        Reject(stream, *program.reject());
        continue;
      }
      PLUMBLINE_TRY(Keep(stream, i, made, counts));
    }
    return {};
  }

  // What the engine could not read is not written: it goes through the engine's own decoder here.
  Result<void> Keep(OpenStream& stream, std::size_t index, const MappedEvent& made, StreamCounts& counts) {
    sink::OutRecord record;
    record.stream = made.event.kind;
    record.arrival_ms = made.arrival_ms;
    record.key = made.event.patient;
    record.value = options_.json ? encoder_.Json(made.event) : encoder_.FlatBuffers(made.event);
    model::Event check;
    if (decoder_.Decode(AsBytes(record.value), model::Encoding::kUnknown, check) != model::RejectReason::kNone) {
      ++counts.rejected_events;
      Reject(stream, {"event " + std::to_string(index), "",
                      std::string(model::ReasonName(decoder_.reject().reason)) + ": " + decoder_.reject().detail});
      return {};
    }
    ++counts.events;
    return sorter_.Add(record, made.event.source_sequence);
  }

  void Reject(const OpenStream& stream, const RowReject& reject) {
    ++report.rejected;
    ++report.rejects_by_field[stream.spec->name + ": " + reject.field];
    if (report.examples.size() < options_.max_examples) report.examples.push_back({stream.path, stream.reader->row(), reject});
  }

  const ImportOptions& options_;
  const ImportProgress& progress_;
  Sorter sorter_;
  model::Encoder encoder_;
  model::Decoder decoder_;
  std::uint64_t read_before_ = 0;
};

}  // namespace

std::string RejectExample::Text() const {
  std::string out = file + ": row " + std::to_string(row) + ": " + reject.field + ": " + reject.message;
  if (!reject.columns.empty()) out += " (from " + reject.columns + ")";
  return out;
}

Result<ImportReport> Import(const Mapping& mapping, const ImportOptions& options, sink::EventSink& sink,
                            const ImportProgress& progress) {
  PLUMBLINE_TRY(CheckOnly(mapping, options.only));
  PLUMBLINE_ASSIGN(const Tables tables, LoadTables(mapping, options.data_folder));
  PLUMBLINE_ASSIGN(std::vector<OpenStream> streams, OpenAll(mapping, tables, options.data_folder, options.only));
  Run run(options, progress);
  for (const OpenStream& stream : streams) run.total_bytes += stream.reader->total();
  for (OpenStream& stream : streams) {
    PLUMBLINE_TRY(run.Read(stream));
    stream.reader.reset();
    stream.program.reset();
  }
  PLUMBLINE_TRY(run.Write(sink));
  return std::move(run.report);
}

Result<void> CheckMapping(const Mapping& mapping, const std::string& data_folder) {
  PLUMBLINE_ASSIGN(const Tables tables, LoadTables(mapping, data_folder));
  PLUMBLINE_TRY(OpenAll(mapping, tables, data_folder, {}));
  return {};
}

}  // namespace plumbline::importer
