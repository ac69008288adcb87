#include "engine/base/hash.h"

#include <openssl/evp.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/check.h"

namespace plumbline {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Hash128::Hex() const {
  std::string out(32, '0');
  for (int i = 0; i < 16; ++i) {
    out[static_cast<std::size_t>(i)] = kHexDigits[(hi >> (60 - 4 * i)) & 15];
    out[static_cast<std::size_t>(16 + i)] = kHexDigits[(lo >> (60 - 4 * i)) & 15];
  }
  return out;
}

bool ParseHash128(std::string_view hex, Hash128* out) {
  if (hex.size() != 32) return false;
  std::uint64_t halves[2] = {0, 0};
  for (std::size_t i = 0; i < 32; ++i) {
    const int digit = HexValue(hex[i]);
    if (digit < 0) return false;
    halves[i / 16] = halves[i / 16] << 4 | static_cast<std::uint64_t>(digit);
  }
  *out = {halves[0], halves[1]};
  return true;
}

Hash128 HashBytes(std::span<const std::byte> bytes) {
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

Hash128 HashText(std::string_view text) { return HashBytes(AsBytes(text)); }

std::string DigestHex(const Digest& digest) {
  std::string out;
  out.reserve(64);
  for (const std::byte b : digest) {
    out.push_back(kHexDigits[std::to_integer<int>(b) >> 4]);
    out.push_back(kHexDigits[std::to_integer<int>(b) & 15]);
  }
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  PLUMBLINE_CHECK(context_ != nullptr, "OpenSSL could not allocate a digest context");
  PLUMBLINE_CHECK(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) == 1, "SHA-256 is part of every OpenSSL");
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::Update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
}

void Sha256::Update(std::string_view text) { Update(AsBytes(text)); }

void Sha256::UpdateU64(std::uint64_t value) {
  std::array<std::byte, 8> bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i));
  Update(bytes);
}

Digest Sha256::Finish() {
  Digest out;
  unsigned size = 0;
  auto* context = static_cast<EVP_MD_CTX*>(context_);
  EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(out.data()), &size);
  EVP_DigestInit_ex(context, nullptr, nullptr);
  return out;
}

Digest Sha256Of(std::span<const std::byte> bytes) {
  Sha256 sha;
  sha.Update(bytes);
  return sha.Finish();
}

Digest Sha256Of(std::string_view text) { return Sha256Of(AsBytes(text)); }

}  // namespace plumbline
