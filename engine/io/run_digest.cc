#include "engine/io/run_digest.h"

#include <cstring>

#include "engine/base/bytes.h"

namespace plumbline::io {

void RunDigest::Flush() {
  sha_.Update(std::span<const std::byte>(gathered_).first(used_));
  used_ = 0;
}

void RunDigest::Put(const void* bytes, std::size_t size) {
  if (size == 0) return;
  if (size > kGather - used_) {
    Flush();
    if (size > kGather) {
      sha_.Update({static_cast<const std::byte*>(bytes), size});
      return;
    }
  }
  std::memcpy(gathered_.data() + used_, bytes, size);
  used_ += size;
}

namespace {

constexpr std::size_t kHead = 20, kHeaderHead = 8;

std::byte* Place(std::byte* to, const void* bytes, std::size_t size) {
  if (size > 0) std::memcpy(to, bytes, size);
  return to + size;
}

void WriteHead(std::byte* to, const Record& record) {
  StoreLe(to, static_cast<std::uint64_t>(record.timestamp_ms));
  StoreLe(to + 8, static_cast<std::uint32_t>(record.key.size()));
  StoreLe(to + 12, static_cast<std::uint32_t>(record.value.size()));
  StoreLe(to + 16, static_cast<std::uint32_t>(record.headers.size()));
}

void WriteHeaderHead(std::byte* to, const HeaderView& header) {
  StoreLe(to, static_cast<std::uint32_t>(header.name.size()));
  StoreLe(to + 4, static_cast<std::uint32_t>(header.value.size()));
}

}  // namespace

void RunDigest::Add(const Record& record) {
  std::size_t whole = kHead + record.key.size() + record.value.size();
  for (const auto& header : record.headers) whole += kHeaderHead + header.name.size() + header.value.size();
  if (whole > kGather) [[unlikely]] {
    AddLarge(record);
    return;
  }
  if (whole > kGather - used_) Flush();
  std::byte* to = gathered_.data() + used_;
  WriteHead(to, record);
  to = Place(to + kHead, record.key.data(), record.key.size());
  to = Place(to, record.value.data(), record.value.size());
  for (const auto& header : record.headers) {
    WriteHeaderHead(to, header);
    to = Place(to + kHeaderHead, header.name.data(), header.name.size());
    to = Place(to, header.value.data(), header.value.size());
  }
  used_ += whole;
}

void RunDigest::AddLarge(const Record& record) {
  std::array<std::byte, kHead> head;
  WriteHead(head.data(), record);
  Put(head.data(), head.size());
  Put(record.key.data(), record.key.size());
  Put(record.value.data(), record.value.size());
  for (const auto& header : record.headers) {
    std::array<std::byte, kHeaderHead> sizes;
    WriteHeaderHead(sizes.data(), header);
    Put(sizes.data(), sizes.size());
    Put(header.name.data(), header.name.size());
    Put(header.value.data(), header.value.size());
  }
}

Digest RunDigest::Finish() {
  Flush();
  return sha_.Finish();
}

Digest EffectsDigest(const Effects& effects) {
  Sha256 sha;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const EffectView effect = effects[i];
    std::array<std::byte, 9> head;
    head[0] = static_cast<std::byte>(effect.log);
    StoreLe(head.data() + 1, static_cast<std::uint32_t>(effect.key.size()));
    StoreLe(head.data() + 5, static_cast<std::uint32_t>(effect.value.size()));
    sha.Update(head);
    sha.Update(effect.key);
    sha.Update(effect.value);
  }
  return sha.Finish();
}

}  // namespace plumbline::io
