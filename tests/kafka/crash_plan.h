// What the Kafka crash test and its child agree on: names of topics, phases, and up to which offset each partition is shown in
// each phase. Plain text in the folder of the test, so that a child that starts again finds the same script.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "engine/base/failpoint.h"

namespace plumbline::kafka {

inline constexpr int kCrashPhases = 14;
inline constexpr std::uint32_t kCrashPartitions = 2;
inline constexpr std::size_t kCrashTopics = 3;

struct CrashPlan {
  std::vector<std::string> inputs;  // device, consultation, diagnosis
  // By phase, topic, partition: how much of it has arrived by the end of the phase.
  std::array<std::array<std::array<std::int64_t, kCrashPartitions>, kCrashTopics>, kCrashPhases> ends{};

  void Write(const std::string& path) const {
    std::ofstream out(path);
    for (const auto& name : inputs) out << name << '\n';
    for (const auto& phase : ends)
      for (const auto& topic : phase)
        for (const auto end : topic) out << end << '\n';
  }
  static CrashPlan Read(const std::string& path) {
    CrashPlan plan;
    std::ifstream in(path);
    plan.inputs.resize(kCrashTopics);
    for (auto& name : plan.inputs) in >> name;
    for (auto& phase : plan.ends)
      for (auto& topic : phase)
        for (auto& end : topic) in >> end;
    return plan;
  }
};

// The output topics of one run, named by its prefix.
[[nodiscard]] inline std::string AlertsOf(const std::string& prefix) { return prefix + ".alerts"; }
[[nodiscard]] inline std::string MeasuresOf(const std::string& prefix) { return prefix + ".measures"; }
[[nodiscard]] inline std::string AuditOf(const std::string& prefix) { return prefix + ".audit"; }
[[nodiscard]] inline std::string LettersSuffixOf(const std::string& prefix) { return "." + prefix + ".dlq"; }

}  // namespace plumbline::kafka
