// Tables on disk for one test, and reports read back.
#pragma once

#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace plumbline::test {

class TempTable {
 public:
  explicit TempTable(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("plumbline_analyse_" + std::to_string(reinterpret_cast<std::uintptr_t>(&counter_)) + "_" +
               std::to_string(counter_++) + ".csv")) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TempTable() { std::filesystem::remove(path_); }
  TempTable(const TempTable&) = delete;
  TempTable& operator=(const TempTable&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  static inline int counter_ = 0;
  std::filesystem::path path_;
};

struct Parsed {
  simdjson::dom::parser parser;
  simdjson::padded_string text;
  simdjson::dom::element root;
  explicit Parsed(const std::string& json) : text(json) { root = parser.parse(text); }
};

inline std::string Shared(const char* file) {
  const char* env = std::getenv("PLUMBLINE_SHARED");
  return (std::filesystem::path(env != nullptr ? env : "../shared") / "data" / file).string();
}

}  // namespace plumbline::test
