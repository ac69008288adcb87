// Results as lines of JSON in the files (or on standard output) that the configuration names, besides the logs that hold them.
// Used by several threads.
#pragma once

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "config/site.h"
#include "engine/base/error.h"

namespace plumbline::app {

class LineFiles {
 public:
  explicit LineFiles(const config::Config& config) : config_(config) {}
  ~LineFiles();
  LineFiles(const LineFiles&) = delete;
  LineFiles& operator=(const LineFiles&) = delete;

  Result<void> Open();
  void Write(std::string_view log, std::string_view line);
  // Files that could not be written, for /ready: the logs have what they lack.
  [[nodiscard]] std::vector<std::string> Trouble() const;

 private:
  const config::Config& config_;
  std::vector<std::FILE*> files_;
  std::vector<std::string> failed_;  // beside files_
  mutable std::mutex mutex_;
};

}  // namespace plumbline::app
