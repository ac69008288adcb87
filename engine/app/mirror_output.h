// An output that also hands each line to whoever shows it: standard output, a file of JSON lines, the demo's screen. What it
// mirrors is durable in the log behind it; a mirror repeats or lacks a line around a crash, which the identity in every line
// makes plain.
#pragma once

#include <functional>

#include "engine/io/output_log.h"

namespace plumbline::app {

class MirrorOutput final : public io::OutputSink {
 public:
  using OnLine = std::function<void(io::OutputLog log, std::string_view line)>;
  MirrorOutput(io::OutputSink& inner, OnLine on_line) : inner_(inner), on_line_(std::move(on_line)) {}
  Result<std::optional<io::EffectId>> Tail(io::OutputLog log, std::uint32_t partition) override {
    return inner_.Tail(log, partition);
  }
  Result<void> Append(std::uint32_t partition, io::EffectId id, std::int64_t timestamp_ms,
                      const io::EffectView& effect) override {
    PLUMBLINE_TRY(inner_.Append(partition, id, timestamp_ms, effect));
    on_line_(effect.log, AsText(effect.value));
    return {};
  }
  Result<void> Flush(std::uint32_t partition) override { return inner_.Flush(partition); }
  Result<void> Sync(std::uint32_t partition) override { return inner_.Sync(partition); }
  Result<bool> TrySync(std::uint32_t partition) override { return inner_.TrySync(partition); }

 private:
  io::OutputSink& inner_;
  OnLine on_line_;
};

}  // namespace plumbline::app
