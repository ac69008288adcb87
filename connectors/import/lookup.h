// A table in memory, looked into by the text of a key column. Belongs to one import; immutable once loaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"

namespace plumbline::importer {

class Lookup {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 30;

  // kParse where two rows have the same key; kLimit above kMaxBytes.
  [[nodiscard]] static Result<Lookup> Load(const std::string& path, const std::string& key, char separator);

  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  // The row's fields in the order of the columns; nothing where the key is not there. An empty field has a null data().
  [[nodiscard]] const std::string_view* Find(std::string_view key) const;
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  std::vector<std::string> columns_;
  std::vector<std::string> texts_;  // of a row, one after the other
  std::vector<std::string_view> fields_;
  std::unordered_map<std::string_view, std::size_t> rows_;  // key to its first field
};

// `file`, `file`.gz or `file`.zst within `folder`, whichever is there. kNotFound names all three.
[[nodiscard]] Result<std::string> FindDataFile(const std::string& folder, const std::string& file);

}  // namespace plumbline::importer
