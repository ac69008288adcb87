// One topic of many patients' values, for tests of what the engine needs for them.
#pragma once

#include <catch2/catch.hpp>
#include <ctime>

#include "engine/base/clock.h"
#include "engine/io/local_log.h"
#include "engine/model/encode.h"

namespace plumbline::many {

inline constexpr std::int64_t kStart = 1'767'225'600'000;

template <typename T>
T Need(Result<T> result) {
  if (!result) FAIL(result.error().Text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Steady time is what this thread has computed.
class CpuClock final : public Clock {
 public:
  std::int64_t WallMs() override { return kStart + 86'400'000; }
  std::int64_t SteadyNs() override {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  }
  void SleepMs(std::int64_t) override {}
};

// One value of each patient in each of `rounds` minutes.
inline void Fill(const std::string& root, Clock& clock, int patients, int rounds) {
  const auto topic = Need(io::LocalTopic::Open(io::PosixFileSystem(), root, "device", clock,
                                               {.partitions = 1, .times = io::TopicTimes::kCreate, .writer = {}}));
  model::Encoder encoder;
  model::Event e;
  e.kind = model::EventKind::kDevice;
  e.site = "north";
  e.source = "monitors";
  e.code = {"http://loinc.org", "8867-4", {}};
  e.has_quantity = true;
  const io::HeaderView headers[] = {{"content-type", AsBytes(model::kFlatBuffersContentType)}};
  for (int round = 0; round < rounds; ++round) {
    for (int p = 0; p < patients; ++p) {
      const std::string patient = "patient-" + std::to_string(p), id = patient + "/" + std::to_string(round);
      e.id = id;
      e.patient = patient;
      e.time = kStart + round * 60'000;
      e.quantity = {Decimal::FromInteger(60 + (p + round) % 40), "/min"};
      Need(topic->AppendTo(0, e.time + 500, patient, encoder.FlatBuffers(e), headers));
    }
  }
  Need(topic->Sync());
}

}  // namespace plumbline::many
