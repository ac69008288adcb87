#include "engine/app/line_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace plumbline::app {

LineFiles::~LineFiles() {
  for (std::FILE* f : files_) {
    if (f != nullptr && f != stdout) std::fclose(f);
  }
}

Result<void> LineFiles::Open() {
  for (const config::LinesConfig& l : config_.lines) {
    if (const auto folder = std::filesystem::path(l.path).parent_path(); l.path != "-" && !folder.empty()) {
      std::error_code ignored;  // what fails here fails at opening, which says why
      std::filesystem::create_directories(folder, ignored);
    }
    std::FILE* f = l.path == "-" ? stdout : std::fopen(l.path.c_str(), "a");
    if (f == nullptr) {
      return Fail(ErrorCode::kIo, "cannot append to " + l.path + " (lines in " + config_.file + "): " + std::strerror(errno) +
                                      "; check that its folder is there and may be written");
    }
    files_.push_back(f);
  }
  failed_.resize(files_.size());
  return {};
}

void LineFiles::Write(std::string_view log, std::string_view line) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const auto& logs = config_.lines[i].logs;
    if (std::find(logs.begin(), logs.end(), log) == logs.end()) continue;
    const bool whole = std::fwrite(line.data(), 1, line.size(), files_[i]) == line.size() && std::fputc('\n', files_[i]) != EOF &&
                       std::fflush(files_[i]) == 0;
    if (!whole) {
      failed_[i] = "lines are missing in " + config_.lines[i].path + " (" + std::strerror(errno) + "); the logs have them";
      std::clearerr(files_[i]);
    }
  }
}

std::vector<std::string> LineFiles::Trouble() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> out;
  std::copy_if(failed_.begin(), failed_.end(), std::back_inserter(out), [](const std::string& f) { return !f.empty(); });
  return out;
}

}  // namespace plumbline::app
