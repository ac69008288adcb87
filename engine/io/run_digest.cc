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

void RunDigest::Add(const Record& record) {
  std::array<std::byte, 20> head;
  StoreLe(head.data(), static_cast<std::uint64_t>(record.timestamp_ms));
  StoreLe(head.data() + 8, static_cast<std::uint32_t>(record.key.size()));
  StoreLe(head.data() + 12, static_cast<std::uint32_t>(record.value.size()));
  StoreLe(head.data() + 16, static_cast<std::uint32_t>(record.headers.size()));
  const std::size_t plain = head.size() + record.key.size() + record.value.size();
  if (record.headers.empty() && plain <= kGather) {
    if (plain > kGather - used_) Flush();
    std::byte* to = gathered_.data() + used_;
    std::memcpy(to, head.data(), head.size());
    if (!record.key.empty()) std::memcpy(to + head.size(), record.key.data(), record.key.size());
    if (!record.value.empty()) std::memcpy(to + head.size() + record.key.size(), record.value.data(), record.value.size());
    used_ += plain;
    return;
  }
  Put(head.data(), head.size());
  Put(record.key.data(), record.key.size());
  Put(record.value.data(), record.value.size());
  for (const auto& header : record.headers) {
    std::array<std::byte, 8> sizes;
    StoreLe(sizes.data(), static_cast<std::uint32_t>(header.name.size()));
    StoreLe(sizes.data() + 4, static_cast<std::uint32_t>(header.value.size()));
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
