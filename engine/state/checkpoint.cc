#include "engine/state/checkpoint.h"

#include <utility>

#include "engine/base/bytes.h"

namespace plumbline::state {
namespace {

constexpr std::string_view kMagic = "PLMF";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kDigestSize = 32;

}  // namespace

std::string EncodeManifest(const Manifest& manifest) {
  std::string out;
  ByteWriter write(out);
  write.Bytes(kMagic);
  write.U8(kVersion);
  write.U32(manifest.partition);
  write.U64(manifest.checkpoint);
  write.U64(manifest.cut_entry);
  write.Raw(manifest.cut_entry_digest);
  write.U64(manifest.rows);
  write.U64(manifest.sum.hi);
  write.U64(manifest.sum.lo);
  write.U16(static_cast<std::uint16_t>(manifest.topics.size()));
  for (const auto& topic : manifest.topics) {
    write.U16(topic.topic);
    write.U8(topic.active ? 1 : 0);
    write.I64(topic.next_offset);
    write.I64(topic.clock_ms);
  }
  write.Raw(Sha256Of(out));
  return out;
}

Result<Manifest> DecodeManifest(std::string_view bytes) {
  const auto damaged = [](const char* why) {
    return Fail(ErrorCode::kIntegrity, std::string("the checkpoint's manifest is damaged: ") + why +
                                           "; restore the state folder from a copy, or rerun the whole journal");
  };
  if (bytes.size() < kMagic.size() + 1 + kDigestSize) return damaged("it is cut off");
  ByteReader read(bytes);
  if (read.Bytes(kMagic.size()) != kMagic) return damaged("it does not begin as one");
  const auto version = read.U8();
  if (version != kVersion) {
    return Fail(ErrorCode::kVersion, "checkpoint of format version " + std::to_string(version) + "; this build reads version 1");
  }
  const auto signed_part = bytes.substr(0, bytes.size() - kDigestSize);
  if (ByteReader(bytes.substr(signed_part.size())).Raw() != Sha256Of(signed_part)) return damaged("its digest does not match");
  Manifest manifest;
  manifest.partition = read.U32();
  manifest.checkpoint = read.U64();
  manifest.cut_entry = read.U64();
  manifest.cut_entry_digest = read.Raw();
  manifest.rows = read.U64();
  manifest.sum.hi = read.U64();
  manifest.sum.lo = read.U64();
  const auto count = read.U16();
  for (std::uint16_t i = 0; i < count && read.ok(); ++i) {
    TopicPosition topic;
    topic.topic = read.U16();
    topic.active = read.U8() != 0;
    topic.next_offset = read.I64();
    topic.clock_ms = read.I64();
    manifest.topics.push_back(topic);
  }
  if (!read.ok() || read.left() != kDigestSize) return damaged("its length does not fit its content");
  return manifest;
}

// Leaves in scratch_ what the hash is of.
Hash128 RowIndex::NameOf(std::string_view key) const {
  scratch_.clear();
  ByteWriter write(scratch_);
  write.U32(partition_);
  write.Text(key);
  return HashText(scratch_);
}

std::uint64_t RowIndex::VersionOf(std::string_view key) const {
  const Hash128 name = NameOf(key);
  const Part& part = parts_[name.hi % kParts];
  const auto found = part.find(name);
  return found == part.end() ? 0 : found->second.now;
}

std::uint64_t RowIndex::Set(std::string_view key, std::string_view value, std::uint64_t checkpoint) {
  const Hash128 name = NameOf(key);
  Part& part = parts_[name.hi % kParts];
  const auto [at, fresh] = part.try_emplace(name);
  RowOf& row = at->second;
  sum_.hi -= row.hash.hi;
  sum_.lo -= row.hash.lo;
  bytes_ -= row.bytes;
  count_ -= fresh ? 0 : 1;
  const bool again = row.now == checkpoint;
  const std::uint64_t outdated = again ? 0 : row.before;
  if (!again) row.before = std::exchange(row.now, checkpoint);
  if (value.empty()) {
    for (const std::uint64_t version : {row.now, row.before})
      if (!fresh && version != 0) gone_.push_back({std::string(key), version});
    part.erase(at);
    return outdated;
  }
  ByteWriter(scratch_).Bytes(value);
  row.hash = HashText(scratch_);
  row.bytes = key.size() + value.size();
  sum_.hi += row.hash.hi;
  sum_.lo += row.hash.lo;
  bytes_ += row.bytes;
  ++count_;
  return outdated;
}

}  // namespace plumbline::state
