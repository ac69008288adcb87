#include "engine/app/analyse/table.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <unordered_map>

#include "connectors/csv/csv_reader.h"
#include "engine/base/check.h"

namespace plumbline::analyse {
namespace {

constexpr std::size_t kMaxJoinRows = 50'000'000;

struct Source {
  std::vector<std::string> names;
  std::vector<std::optional<std::size_t>> own;  // column of the table
  std::vector<std::size_t> joined;              // position in the joined row, where own is empty
};

struct Joined {
  std::string key_column;
  std::vector<std::string> columns;
  std::unordered_map<std::string, std::vector<std::string>> rows;
};

Result<Joined> LoadJoin(const TableSpec& spec, const std::vector<std::string>& missing) {
  const std::size_t colon = spec.join.rfind(':');
  if (colon == std::string::npos || colon + 1 == spec.join.size())
    return Fail(ErrorCode::kUsage, "--join wants FILE:KEY, not \"" + spec.join + "\"");
  Joined joined;
  joined.key_column = spec.join.substr(colon + 1);
  joined.columns = missing;
  PLUMBLINE_ASSIGN(csv::CsvReader reader, csv::CsvReader::Open(spec.join.substr(0, colon), {.separator = spec.separator}));
  PLUMBLINE_ASSIGN(const std::size_t key, reader.RequireColumn(joined.key_column));
  std::vector<std::size_t> at;
  for (const std::string& name : missing) {
    PLUMBLINE_ASSIGN(const std::size_t column, reader.RequireColumn(name));
    at.push_back(column);
  }
  while (true) {
    PLUMBLINE_ASSIGN(const bool more, reader.Next());
    if (!more) return joined;
    if (joined.rows.size() >= kMaxJoinRows) return Fail(ErrorCode::kLimit, reader.name() + ": too many rows to join");
    std::vector<std::string> values;
    for (const std::size_t column : at) values.emplace_back(reader.Field(column));
    if (!joined.rows.emplace(std::string(reader.Field(key)), std::move(values)).second) {
      return std::unexpected(
          reader.At(key, "\"" + std::string(reader.Field(key)) + "\" is there twice; a join needs one row a key"));
    }
  }
}

class Progress {
 public:
  Progress(bool on, const csv::CsvReader& reader) : on_(on && reader.total() > 0), reader_(reader) {}
  void Tick() {
    if (!on_ || (++rows_ & 0xFFFF) != 0) return;
    const std::uint64_t percent = reader_.consumed() * 100 / reader_.total();
    if (percent == shown_) return;
    shown_ = percent;
    std::fprintf(stderr, "\rreading %s: %llu %%", reader_.name().c_str(), static_cast<unsigned long long>(percent));
  }
  void Done() const {
    if (on_ && shown_ > 0) std::fprintf(stderr, "\rreading %s: done \n", reader_.name().c_str());
  }

 private:
  bool on_;
  const csv::CsvReader& reader_;
  std::uint64_t rows_ = 0;
  std::uint64_t shown_ = 0;
};

}  // namespace

Result<Condition> ParseCondition(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    for (const std::string_view op : {"!=", ">=", "<=", "=", ">", "<"}) {
      if (!text.substr(i).starts_with(op)) continue;
      return Condition{std::string(text.substr(0, i)), std::string(op), std::string(text.substr(i + op.size()))};
    }
  }
  return Fail(ErrorCode::kUsage,
              "\"" + std::string(text) + "\" is no condition; write column=value, column>number, column!=value ...");
}

Result<bool> Holds(const Condition& c, std::string_view field) {
  const auto a = csv::ParseNumber(field), b = csv::ParseNumber(c.value);
  if (c.op == "=") return field == c.value || (a && b && *a == *b);
  if (c.op == "!=") return field != c.value && !(a && b && *a == *b);
  if (!b) return Fail(ErrorCode::kUsage, "\"" + c.value + "\" in the condition on " + c.column + " is not a number");
  if (!a) return Fail(ErrorCode::kParse, "\"" + std::string(field.substr(0, 40)) + "\" is not a number");
  if (c.op == ">") return *a > *b;
  if (c.op == ">=") return *a >= *b;
  if (c.op == "<") return *a < *b;
  return *a <= *b;
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return parts;
}

Result<Table> Load(const TableSpec& spec, std::vector<std::string> columns) {
  std::vector<Condition> conditions;
  for (const std::string& text : spec.where) {
    PLUMBLINE_ASSIGN(Condition c, ParseCondition(text));
    columns.push_back(c.column);
    conditions.push_back(std::move(c));
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  PLUMBLINE_ASSIGN(csv::CsvReader reader, csv::CsvReader::Open(spec.path, {.separator = spec.separator}));
  Source source{columns, {}, {}};
  std::vector<std::string> missing;
  for (const std::string& name : columns) {
    const auto own = reader.Column(name);
    if (!own && spec.join.empty()) return std::unexpected(reader.RequireColumn(name).error());
    source.own.push_back(own);
    source.joined.push_back(missing.size());
    if (!own) missing.push_back(name);
  }
  Joined joined;
  std::size_t key = 0;
  if (!missing.empty()) {
    PLUMBLINE_ASSIGN(joined, LoadJoin(spec, missing));
    PLUMBLINE_ASSIGN(key, reader.RequireColumn(joined.key_column));
  }
  Table table;
  table.path_ = spec.path;
  std::vector<std::vector<std::string>*> targets;
  for (const std::string& name : columns) targets.push_back(&table.columns_[name]);
  Progress progress(spec.progress, reader);
  const std::vector<std::string> none(missing.size());
  std::vector<std::string_view> fields(columns.size());
  while (true) {
    PLUMBLINE_ASSIGN(const bool more, reader.Next());
    if (!more) break;
    ++table.rows_read_;
    progress.Tick();
    const auto match = missing.empty() ? joined.rows.end() : joined.rows.find(std::string(reader.Field(key)));
    const std::vector<std::string>& other = match == joined.rows.end() ? none : match->second;
    for (std::size_t i = 0; i < columns.size(); ++i)
      fields[i] = source.own[i] ? reader.Field(*source.own[i]) : std::string_view(other[source.joined[i]]);
    bool keep = true;
    for (const Condition& c : conditions) {
      const auto at = static_cast<std::size_t>(std::lower_bound(columns.begin(), columns.end(), c.column) - columns.begin());
      const auto holds = Holds(c, fields[at]);
      if (!holds) return std::unexpected(reader.At(source.own[at].value_or(key), holds.error().message));
      keep = keep && *holds;
      if (!keep) break;
    }
    if (!keep) continue;
    for (std::size_t i = 0; i < columns.size(); ++i) targets[i]->emplace_back(fields[i]);
    table.row_numbers_.push_back(reader.row());
  }
  progress.Done();
  if (table.rows() == 0)
    return Fail(ErrorCode::kParse, spec.path + ": no row is left" + (spec.where.empty() ? "" : " after the conditions"));
  return table;
}

const std::vector<std::string>& Table::Column(const std::string& name) const {
  const auto it = columns_.find(name);
  PLUMBLINE_CHECK(it != columns_.end(), "an analysis reads only columns it asked for");
  return it->second;
}

Error Table::At(std::size_t i, const std::string& column, std::string_view what) const {
  return Error{ErrorCode::kParse,
               path_ + ": row " + std::to_string(row_numbers_[i]) + ", column " + column + ": " + std::string(what)};
}

Result<std::vector<double>> Table::Numbers(const std::string& column) const {
  std::vector<double> numbers;
  const std::vector<std::string>& texts = Column(column);
  numbers.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto value = csv::ParseNumber(texts[i]);
    if (!value) return std::unexpected(At(i, column, "\"" + texts[i].substr(0, 40) + "\" is not a finite number"));
    numbers.push_back(*value);
  }
  return numbers;
}

Table::Coded Table::Code(const std::vector<std::string>& texts) {
  Coded coded;
  std::map<std::string, std::size_t> index;
  for (const std::string& t : texts) index.emplace(t, 0);
  for (auto& [name, at] : index) {
    at = coded.names.size();
    coded.names.push_back(name);
  }
  coded.index.reserve(texts.size());
  for (const std::string& t : texts) coded.index.push_back(index.find(t)->second);
  return coded;
}

Table::Coded Table::Codes(const std::string& column) const { return Code(Column(column)); }

Table::Coded Table::Codes(const std::vector<std::string>& columns) const {
  if (columns.size() == 1) return Codes(columns[0]);
  std::vector<std::string> keys(rows());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::vector<std::string>& texts = Column(columns[c]);
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] += (c == 0 ? "" : "/") + texts[i];
  }
  return Code(keys);
}

}  // namespace plumbline::analyse
