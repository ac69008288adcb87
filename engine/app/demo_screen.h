// What a person sees of a demo: an alert a line as it comes, how things stand each simulated hour, and at the end what was
// planted beside what was found. Called from the threads of the stages.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/generator/planted.h"

namespace plumbline::app {

class DemoScreen {
 public:
  using Print = std::function<void(const std::string& text)>;

  // `lag`: records written and not yet read.
  DemoScreen(std::string lang, std::function<std::uint64_t()> lag, Print print)
      : lang_(std::move(lang)), lag_(std::move(lag)), print_(std::move(print)) {}

  // A line of the alerts log, or of stage two's results.
  void OnLine(const std::string& log, const std::string& line);
  // After the run.
  void ShowEnd(const generator::Planted& planted, const std::string& folder);

 private:
  struct Share {
    std::int64_t pass = 0, n = 0;
    bool is_final = false;
    [[nodiscard]] double Percent() const { return n > 0 ? 100.0 * static_cast<double>(pass) / static_cast<double>(n) : 0; }
    [[nodiscard]] std::string Text() const;
  };
  // One alert as last told.
  struct Told {
    std::string id, state, rule, site, feed;
    std::int64_t instant = 0;
  };
  using Group = std::vector<std::string>;

  void ShowAlert(std::string_view line);
  void KeepMeasure(std::string_view line);
  void ShowHour(std::int64_t clock_ms);
  void ShowFound(const generator::Planted& planted);
  void ShowSilent(const generator::Planted& planted);
  // Of a measure grouped by site and one more field: that group's share, and the others' together.
  void ShowOne(const std::string& measure, const std::string& name, const std::string& what, const std::string& unit);
  [[nodiscard]] std::map<Group, Share> ByGroup(const std::string& measure) const;
  [[nodiscard]] bool zh() const { return lang_ == "zh"; }

  std::string lang_;
  std::function<std::uint64_t()> lag_;
  Print print_;
  std::mutex mutex_;
  std::int64_t hour_ = 0;  // of the last hourly line
  std::uint64_t not_shown_ = 0;
  std::map<std::string, std::uint64_t> states_, shown_;
  std::vector<Told> told_;
  std::map<std::string, std::map<std::pair<std::int64_t, Group>, Share>> measures_;  // windows by start and group
};

}  // namespace plumbline::app
