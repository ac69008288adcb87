// The columns of a table that an analysis asks for, read once from CSV (plain, gzip or Zstandard), with rows left out by
// conditions and columns added from a second table by key. Errors name file, row and column.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::analyse {

// "column<op>value" with = != > >= < <=. With <, <=, >, >= both sides are numbers; = and != compare texts, or numbers where both
// are.
struct Condition {
  std::string column;
  std::string op;
  std::string value;
};
[[nodiscard]] Result<Condition> ParseCondition(std::string_view text);
// kParse when an ordering meets something that is no number.
[[nodiscard]] Result<bool> Holds(const Condition& condition, std::string_view field);

struct TableSpec {
  std::string path;
  std::vector<std::string> where;  // rows must meet all
  std::string join;                // "FILE:KEY": columns that the table lacks come from FILE's row with the same KEY
  char separator = ',';
  bool progress = false;  // percentages of the file on standard error
};

class Table {
 public:
  [[nodiscard]] std::size_t rows() const { return row_numbers_.size(); }
  [[nodiscard]] std::size_t rows_read() const { return rows_read_; }
  // The column must be one that Load was asked for.
  [[nodiscard]] const std::vector<std::string>& Column(const std::string& name) const;
  // The row of the file (the header is row 1).
  [[nodiscard]] std::uint64_t RowNumber(std::size_t i) const { return row_numbers_[i]; }
  // "file: row 7, column x: what".
  [[nodiscard]] Error At(std::size_t i, const std::string& column, std::string_view what) const;
  [[nodiscard]] Result<std::vector<double>> Numbers(const std::string& column) const;
  // Texts as indices 0.. of their sorted distinct values.
  struct Coded {
    std::vector<std::string> names;
    std::vector<std::size_t> index;
  };
  [[nodiscard]] Coded Codes(const std::string& column) const;
  // Several columns joined with '/' as one key.
  [[nodiscard]] Coded Codes(const std::vector<std::string>& columns) const;
  [[nodiscard]] const std::string& path() const { return path_; }

  friend Result<Table> Load(const TableSpec& spec, std::vector<std::string> columns);

 private:
  [[nodiscard]] static Coded Code(const std::vector<std::string>& texts);
  std::string path_;
  std::map<std::string, std::vector<std::string>> columns_;
  std::vector<std::uint64_t> row_numbers_;
  std::size_t rows_read_ = 0;
};

[[nodiscard]] Result<Table> Load(const TableSpec& spec, std::vector<std::string> columns);

// "a,b,c" as its parts.
[[nodiscard]] std::vector<std::string> SplitList(std::string_view text);

}  // namespace plumbline::analyse
