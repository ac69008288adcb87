#include "engine/base/hash.h"

#include <catch2/catch.hpp>

using namespace plumbline;

TEST_CASE("SHA-256 gives the published digest of 'abc'", "[hash]") {
  CHECK(DigestHex(Sha256Of("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 sha;
  sha.Update("a");
  sha.Update("bc");
  CHECK(sha.Finish() == Sha256Of("abc"));
}

TEST_CASE("a 128-bit hash survives printing and parsing", "[hash]") {
  const Hash128 h = HashText("patient-1");
  Hash128 back;
  REQUIRE(ParseHash128(h.Hex(), &back));
  CHECK(back == h);
  CHECK_FALSE(ParseHash128("xyz", &back));
  CHECK(HashText("") == Hash128{0x99aa06d3014798d8, 0x6001c324468d497f});
}
