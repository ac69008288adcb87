// A streaming reader of tables as CSV (RFC 4180): quoted fields with separators, doubled quotes and line ends in them; LF or
// CRLF; a UTF-8 byte order mark is skipped; empty lines are skipped; gzip and Zstandard by content. One row is in memory at a
// time. Used by the importer and by `plumbline analyse`; one thread.
//
//   PLUMBLINE_ASSIGN(csv::CsvReader reader, csv::CsvReader::Open("t.csv.gz"));
//   PLUMBLINE_ASSIGN(const std::size_t value, reader.RequireColumn("value"));
//   while (true) {
//     PLUMBLINE_ASSIGN(const bool more, reader.Next());
//     if (!more) break;
//     PLUMBLINE_ASSIGN(const double x, reader.Number(value));
//   }
//
// Leniency, stated: a quote inside a field that did not begin with one is kept as it is. Everything else outside the grammar is
// an error that names file, row (the header is row 1, blank lines are not counted), line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/csv/byte_source.h"
#include "engine/base/error.h"

namespace plumbline::csv {

struct CsvOptions {
  char separator = ',';
  bool has_header = true;                 // without one the columns are named 1, 2, 3, ...
  bool allow_ragged = false;              // false: a row with fewer or more fields than the header is an error
  std::size_t max_row_bytes = 16U << 20;  // a row longer than this is an error (usually a quote that is never closed)
  std::size_t max_columns = 16384;
};

class CsvReader {
 public:
  [[nodiscard]] static Result<CsvReader> Open(const std::string& path, CsvOptions options = {});
  [[nodiscard]] static Result<CsvReader> FromSource(std::unique_ptr<ByteSource> source, std::string name,
                                                    CsvOptions options = {});

  // Moves to the next row; false at the end. Fields of the row before are gone.
  [[nodiscard]] Result<bool> Next();

  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }
  [[nodiscard]] std::optional<std::size_t> Column(std::string_view name) const;
  // kParse with the names that there are.
  [[nodiscard]] Result<std::size_t> RequireColumn(std::string_view name) const;

  // Of the current row. The views hold until Next().
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] std::string_view Field(std::size_t column) const;  // empty beyond a ragged row's end
  [[nodiscard]] bool Quoted(std::size_t column) const;  // "" (quoted) is an empty text, nothing at all may mean missing
  // A finite number in plain or scientific notation (surrounding blanks allowed); else kParse with row, line and column.
  [[nodiscard]] Result<double> Number(std::size_t column) const;
  [[nodiscard]] Result<std::int64_t> Integer(std::size_t column) const;

  // Row and line count from 1 (the header is row 1); the line is where the row begins.
  [[nodiscard]] std::uint64_t row() const { return row_; }
  [[nodiscard]] std::uint64_t line() const { return row_line_; }
  // "<file>: row 7, line 9, column malignancy: <what>" as kParse.
  [[nodiscard]] Error At(std::size_t column, std::string_view what) const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t consumed() const { return source_->consumed(); }
  [[nodiscard]] std::uint64_t total() const { return source_->total(); }

 private:
  struct Span {
    std::size_t begin = 0;
    std::size_t size = 0;
    bool quoted = false;
  };

  CsvReader(std::unique_ptr<ByteSource> source, std::string name, CsvOptions options);
  [[nodiscard]] Result<bool> ReadRow();
  [[nodiscard]] Result<bool> ReadField(bool* row_ended);
  [[nodiscard]] Result<void> ReadQuoted();
  // The next byte without taking it; -1 at the end.
  [[nodiscard]] Result<int> Peek();
  [[nodiscard]] Result<void> CheckLength() const;

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  CsvOptions options_;
  std::vector<std::string> header_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string text_;  // the fields of the row, one after the other
  std::vector<Span> fields_;
  std::uint64_t row_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
};

// "12", "-0.5", "1e-3", with blanks around; nullopt for anything else, for NaN and for infinities.
[[nodiscard]] std::optional<double> ParseNumber(std::string_view text);

}  // namespace plumbline::csv
