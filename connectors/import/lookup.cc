#include "connectors/import/lookup.h"

#include <filesystem>

#include "connectors/csv/csv_reader.h"

namespace plumbline::importer {

Result<Lookup> Lookup::Load(const std::string& path, const std::string& key, char separator) {
  csv::CsvOptions options;
  options.separator = separator;
  PLUMBLINE_ASSIGN(csv::CsvReader reader, csv::CsvReader::Open(path, options));
  PLUMBLINE_ASSIGN(const std::size_t key_column, reader.RequireColumn(key));
  Lookup table;
  table.columns_ = reader.header();
  std::vector<std::size_t> sizes;
  std::size_t bytes = 0;
  while (true) {
    PLUMBLINE_ASSIGN(const bool more, reader.Next());
    if (!more) break;
    std::string text;
    for (std::size_t c = 0; c < table.columns_.size(); ++c) {
      text += reader.Field(c);
      sizes.push_back(reader.Field(c).empty() && !reader.Quoted(c) ? std::string::npos : reader.Field(c).size());
    }
    bytes += text.size() + table.columns_.size() * sizeof(std::string_view);
    if (bytes > kMaxBytes)
      return Fail(ErrorCode::kLimit, path + ": too large for a table that is looked into; it is held in memory");
    table.texts_.push_back(std::move(text));
  }
  // Views only now: the texts no longer move.
  table.fields_.reserve(sizes.size());
  std::size_t at_size = 0;
  for (std::size_t row = 0; row < table.texts_.size(); ++row) {
    const std::string_view text = table.texts_[row];
    const std::size_t first = table.fields_.size();
    std::size_t at = 0;
    for (std::size_t c = 0; c < table.columns_.size(); ++c) {
      const std::size_t size = sizes[at_size++];
      table.fields_.push_back(size == std::string::npos ? std::string_view() : text.substr(at, size));
      at += size == std::string::npos ? 0 : size;
    }
    const std::string_view row_key = table.fields_[first + key_column];
    if (!table.rows_.emplace(row_key, first).second) {
      return Fail(ErrorCode::kParse, path + ": two rows have the key " + key + " = \"" + std::string(row_key) + "\"");
    }
  }
  return table;
}

const std::string_view* Lookup::Find(std::string_view key) const {
  const auto at = rows_.find(key);
  return at == rows_.end() ? nullptr : &fields_[at->second];
}

Result<std::string> FindDataFile(const std::string& folder, const std::string& file) {
  const std::filesystem::path base = std::filesystem::path(folder) / file;
  for (const char* ending : {"", ".gz", ".zst"}) {
    const std::string path = base.string() + ending;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return Fail(ErrorCode::kNotFound, base.string() + ": there is no such file, nor with .gz or .zst");
}

}  // namespace plumbline::importer
