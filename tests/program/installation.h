// One installation of the program in a folder of its own: a configuration, a rule pack, an embedded log; and the real program run
// on it. For tests of what a person at a hospital sees: text, exit code, files.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "engine/io/local_log.h"
#include "engine/io/local_log_source.h"
#include "engine/io/output_log.h"
#include "engine/model/encode.h"
#include "tests/support/process.h"

namespace plumbline::program {

// The value, or a failed test with the error's text.
template <typename T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().Text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline constexpr std::int64_t kNoon = 1'769'860'800'000;  // 2026-01-31T12:00:00Z
inline constexpr const char* kTopics[] = {"plumbline.device.v1", "plumbline.consultation.v1", "plumbline.diagnosis.v1"};

// A value of SpO2 of a patient at a site "north", by its feed "monitors"; below 90 % the installation's pack fires.
[[nodiscard]] model::Event Saturation(std::string_view id, std::string_view patient, std::string_view value,
                                      std::int64_t time_ms);

class Installation {
 public:
  static constexpr std::uint32_t kPartitions = 2;

  Installation();
  [[nodiscard]] std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string config() const { return Path("site.yaml"); }
  void WriteFile(const std::string& name, std::string_view text) const;
  // The usual configuration with `more` lines added; what `more` names in place of the usual line of that name.
  void Configure(const std::map<std::string, std::string>& more = {}) const;
  // The rule pack; {} restores the usual one.
  void WritePack(std::string_view text = {}) const;

  // plumbline ARGUMENTS..., to its end.
  [[nodiscard]] test::Output Run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) const;
  // run --config site.yaml --import --until-end --close, and a quiet one.
  [[nodiscard]] test::Output Import(const std::vector<std::string>& environment = {}) const;
  // The same program as a process of its own, its output in `log`.
  void Start(test::ChildProcess& process, std::vector<std::string> arguments, const std::string& log,
             const std::vector<std::string>& environment = {}) const;

  // Appends to an input topic of the embedded log, which is made with the stamps of the records themselves, or of the log.
  void Append(std::size_t topic, std::uint32_t partition, std::int64_t arrival_ms, std::string_view key, std::string_view value,
              std::string_view content_type = {}, io::TopicTimes times = io::TopicTimes::kCreate) const;
  struct RecordIn {
    std::uint32_t partition;
    std::int64_t arrival_ms;
    std::string key, value;
  };
  void AppendAll(std::size_t topic, const std::vector<RecordIn>& records, std::string_view content_type = {},
                 io::TopicTimes times = io::TopicTimes::kCreate) const;
  // Values number `from` to `to` of forty patients, every third of them low, as FlatBuffers; they arrive when they happen.
  [[nodiscard]] static std::vector<RecordIn> Values(int from, int to, std::int64_t first_ms = kNoon,
                                                    std::int64_t step_ms = 60'000);
  void AppendValues(int from, int to) const;
  // An event to where it belongs, as FlatBuffers; arrives when it happens.
  void Append(const model::Event& event, io::TopicTimes times = io::TopicTimes::kCreate) const;

  struct Line {
    std::uint32_t partition;
    io::EffectId id;
    std::int64_t time_ms;
    std::string key, value;
  };
  // An output log of the embedded log, by its topic's name: "plumbline.out.alerts".
  [[nodiscard]] std::vector<Line> ReadLog(const std::string& topic) const;
  // The same of a log that its engine may not have made yet: nothing then.
  [[nodiscard]] std::vector<Line> ReadLogIfThere(const std::string& topic) const;

 private:
  test::TempFolder folder_{"program"};
};

}  // namespace plumbline::program
