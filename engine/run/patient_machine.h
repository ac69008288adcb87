// Stage one behind the Machine interface: records of the three streams in, alerts, measures and dead letters out. Decodes, checks
// that a record is where it belongs, validates, and hands over to Partition; turns what the partition tells into the lines of the
// output logs (see engine/run/README.md for their fields).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/model/decode.h"
#include "engine/model/encode.h"
#include "engine/model/validate.h"
#include "engine/run/control.h"
#include "engine/run/machine.h"
#include "engine/run/partition.h"

namespace plumbline::run {

inline constexpr std::size_t kRejectReasons = 64;

struct PatientMachineOptions {
  PartitionOptions partition;
  // By topic: bit 1 << EventKind of what it carries. Heartbeats may come in any input topic. Topics behind the inputs are
  // control.
  std::vector<std::uint8_t> topic_kinds = {2, 4, 8};
  model::ValidationTables validation;
  model::DecodeLimits decode;
  bool check_partition = true;    // murmur2 of the key; off only where a source has no keys
  TimeMs marker_every_ms = 1000;  // of the partition's clock
  CompilePack compile;            // of activated packs; empty: none can be activated
};

class PatientMachine final : public Machine {
 public:
  PatientMachine(PatientMachineOptions options, std::shared_ptr<const rule::RuleSet> rules);

  void Take(const io::Record& record) override;
  void Ahead(const io::Record& record) override { partition_.Ahead(HashText(AsText(record.key))); }
  void Tick(std::uint16_t topic, std::int64_t time_ms) override;
  void Command(std::string_view payload) override;
  void Finish(io::Effects& effects) override;
  void BeginCheckpoint() override;
  bool NextSlice(std::size_t max_bytes, const SliceSink& sink) override;
  Result<void> Restore(std::string_view key, std::string_view value) override;
  Digest StateDigest() override;
  bool EvictSome(std::size_t most) override { return partition_.EvictSome(most); }
  [[nodiscard]] bool AnyEvicted() const override { return partition_.AnyEvicted(); }
  void Missing(const io::Record& record, std::vector<std::string>& keys) const override {
    // Commands concern what is yet to come, and alerts, which keep their subjects in memory.
    if (record.topic < options_.partition.input_topics) partition_.MissingOf(AsText(record.key), keys);
  }

  [[nodiscard]] const Partition& partition() const { return partition_; }
  [[nodiscard]] Partition& partition() { return partition_; }
  // Dead letters by RejectReason.
  [[nodiscard]] const std::array<std::uint64_t, kRejectReasons>& rejected() const { return rejected_; }
  // Of the input topics.
  [[nodiscard]] std::uint64_t records() const { return records_; }
  // Of the control topic, and those of them that were refused.
  [[nodiscard]] std::uint64_t controls() const { return controls_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  // Control (patient_control.cc).
  struct Edition {
    std::string name, text;
  };
  struct Answer {
    bool done = true;
    std::string why;     // of a refusal
    std::string detail;  // members of the answer, each with its comma in front
  };
  void TakeControl(const io::Record& record);
  Answer Carry(const Control& control, TimeMs arrival);
  Answer ActivatePack(const Control& control, TimeMs arrival);
  Answer RetireRules(const Control& control, TimeMs arrival);
  Answer Handle(const Control& control, TimeMs arrival);
  [[nodiscard]] std::string TooEarly(TimeMs from, TimeMs arrival) const;
  Answer SilenceRule(const Control& control, TimeMs arrival);
  void WriteHandling(const Control& control, const Partition::KnownAlert& known, std::string_view state, TimeMs arrival,
                     std::uint32_t number);
  void WriteEdition(const Edition& edition);
  void AppendHandling(const Told& told, std::string& line);
  [[nodiscard]] std::string EditionBytes() const;
  [[nodiscard]] Result<void> RestoreEditions(std::string_view value);

  void DeadLetter(const io::Record& record, model::RejectReason reason, std::string_view detail, std::int64_t position);
  void WriteAlert(const Told& told, io::Effects& effects);
  void WritePartial(const Panes::Pane& pane, io::Effects& effects);
  void WriteMarker(io::Effects& effects);
  void WriteIntake(io::Effects& effects);
  [[nodiscard]] std::string OwnBytes() const;

  PatientMachineOptions options_;
  Partition partition_;
  model::Decoder decoder_;
  model::Validator validator_;
  model::Encoder encoder_;
  std::array<std::uint64_t, kRejectReasons> rejected_{};
  std::uint64_t records_ = 0;
  TimeMs last_marker_ = model::kNoTime;
  TimeMs control_clock_ = model::kNoTime;  // of the last control record
  std::uint64_t controls_ = 0, refused_ = 0;
  std::vector<Edition> editions_;  // activated since the start, in order
  io::Effects letters_;            // of the batch under way: dead letters, answers to commands
  std::string line_, key_;
  std::string frozen_own_, frozen_editions_;
  bool own_pending_ = false;
};

}  // namespace plumbline::run
