// The traffic that `plumbline bench` measures by: the simulated hospital with one device value a patient and minute, 2 % of
// events late by up to ten minutes, no corrections or duplicates, from its generator to the embedded log or to Kafka.
#pragma once

#include <cstdint>

#include "connectors/sink/event_sink.h"
#include "engine/app/progress.h"

namespace plumbline::app {

struct Traffic {
  std::uint64_t seed = 1;
  std::uint32_t patients = 10'000;
  std::uint64_t events = 4'000'000;
};

struct TrafficWritten {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of keys and values
};

// Writes until `events` records are out, heartbeats included.
[[nodiscard]] Result<TrafficWritten> WriteTraffic(const Traffic& traffic, sink::EventSink& sink, Progress& progress);

}  // namespace plumbline::app
