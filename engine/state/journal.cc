#include "engine/state/journal.h"

#include "engine/base/bytes.h"

namespace plumbline::state {
namespace {

constexpr std::string_view kMagic = "PLJE";
constexpr std::uint8_t kVersion = 1;

void EncodeStep(ByteWriter& write, const JournalStep& step) {
  write.U8(static_cast<std::uint8_t>(step.kind));
  switch (step.kind) {
    case JournalStep::Kind::kRecords:
      write.U64(step.count);
      break;
    case JournalStep::Kind::kTick:
      write.U16(step.topic);
      write.I64(step.time_ms);
      break;
    case JournalStep::Kind::kCommand:
      write.Text(step.payload);
      break;
  }
}

bool DecodeStep(ByteReader& read, JournalStep* step) {
  const std::uint8_t kind = read.U8();
  if (kind < 1 || kind > 3) return false;
  step->kind = static_cast<JournalStep::Kind>(kind);
  switch (step->kind) {
    case JournalStep::Kind::kRecords:
      step->count = read.U64();
      break;
    case JournalStep::Kind::kTick:
      step->topic = read.U16();
      step->time_ms = read.I64();
      break;
    case JournalStep::Kind::kCommand:
      step->payload = read.Text();
      break;
  }
  return read.ok();
}

}  // namespace

std::string EncodeEntry(const JournalEntry& entry) {
  std::string out;
  ByteWriter write(out);
  write.Bytes(kMagic);
  write.U8(kVersion);
  write.U32(entry.partition);
  write.U64(entry.number);
  write.Raw(entry.previous);
  write.Raw(entry.build);
  write.Raw(entry.rules);
  write.U16(static_cast<std::uint16_t>(entry.runs.size()));
  for (const auto& run : entry.runs) {
    write.U16(run.topic);
    write.I64(run.first_offset);
    write.I64(run.last_offset);
    write.U64(run.count);
    write.Raw(run.records);
  }
  write.U32(static_cast<std::uint32_t>(entry.steps.size()));
  for (const auto& step : entry.steps) EncodeStep(write, step);
  write.I64(entry.time_ms);
  write.U32(entry.effect_count);
  write.Raw(entry.effects);
  return out;
}

Result<JournalEntry> DecodeEntry(std::string_view bytes) {
  const auto damaged = [](const char* why) {
    return Fail(ErrorCode::kIntegrity,
                std::string("a journal entry is damaged: ") + why + "; restore the state folder from a copy");
  };
  ByteReader read(bytes);
  if (read.Bytes(kMagic.size()) != kMagic) return damaged("it does not begin as one");
  const auto version = read.U8();
  if (version != kVersion) {
    return Fail(ErrorCode::kVersion,
                "journal entry of format version " + std::to_string(version) + "; this build reads version 1");
  }
  JournalEntry entry;
  entry.partition = read.U32();
  entry.number = read.U64();
  entry.previous = read.Raw();
  entry.build = read.Raw();
  entry.rules = read.Raw();
  const auto run_count = read.U16();
  for (std::uint16_t i = 0; i < run_count && read.ok(); ++i) {
    JournalRun run;
    run.topic = read.U16();
    run.first_offset = read.I64();
    run.last_offset = read.I64();
    run.count = read.U64();
    run.records = read.Raw();
    entry.runs.push_back(run);
  }
  const auto step_count = read.U32();
  if (step_count > kMaxSteps) return damaged("it claims more steps than there can be");
  std::uint64_t stepped = 0, counted = 0;
  for (std::uint32_t i = 0; i < step_count && read.ok(); ++i) {
    JournalStep step;
    if (!DecodeStep(read, &step)) return damaged("a step is of no known kind or cut off");
    stepped += step.count;
    entry.steps.push_back(std::move(step));
  }
  entry.time_ms = read.I64();
  entry.effect_count = read.U32();
  entry.effects = read.Raw();
  if (!read.ok()) return damaged("it is cut off");
  if (read.left() != 0) return damaged("something follows it");
  for (const auto& run : entry.runs) counted += run.count;
  if (stepped != counted) return damaged("its steps take another number of records than its runs hold");
  return entry;
}

std::string DescribeEntry(const JournalEntry& entry) {
  std::string out = "partition " + std::to_string(entry.partition) + " entry " + std::to_string(entry.number) + ":";
  for (const auto& run : entry.runs) {
    out += " topic " + std::to_string(run.topic) + " offsets " + std::to_string(run.first_offset) + "-" +
           std::to_string(run.last_offset) + " (" + std::to_string(run.count) + ")";
  }
  for (const auto& step : entry.steps) {
    if (step.kind == JournalStep::Kind::kTick)
      out += " tick of topic " + std::to_string(step.topic) + " to " + std::to_string(step.time_ms);
    if (step.kind == JournalStep::Kind::kCommand) out += " command of " + std::to_string(step.payload.size()) + " bytes";
  }
  return out + "; effects " + std::to_string(entry.effect_count);
}

}  // namespace plumbline::state
