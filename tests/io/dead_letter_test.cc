#include "engine/io/dead_letter.h"

#include <catch2/catch.hpp>

#include "engine/base/hash.h"

namespace plumbline::io {
namespace {

DeadLetter Example() {
  DeadLetter letter;
  letter.topic = "plumbline.device.v1";
  letter.partition = 3;
  letter.offset = 123'456'789'012;
  letter.timestamp_ms = 1'700'000'000'000;
  letter.stage = "validate";
  letter.reason = "future";
  letter.message = "event time is 8 min ahead, the feed's limit is 5 min";
  letter.key = "patient";
  letter.value = std::string_view("\0\xff{not json", 11);
  letter.headers = {{"content-type", AsBytes("application/json")}, {"empty", {}}};
  return letter;
}

}  // namespace

TEST_CASE("a dead letter comes back as it was, bytes that are no text included") {
  std::string bytes;
  EncodeDeadLetter(Example(), bytes);
  const auto letter = DecodeDeadLetter(bytes);
  REQUIRE(letter);
  CHECK(letter->topic == Example().topic);
  CHECK(letter->partition == 3);
  CHECK(letter->offset == 123'456'789'012);
  CHECK(letter->timestamp_ms == 1'700'000'000'000);
  CHECK(letter->stage == "validate");
  CHECK(letter->reason == "future");
  CHECK(letter->message == Example().message);
  CHECK(letter->key == "patient");
  CHECK(letter->value == Example().value);
  REQUIRE(letter->headers.size() == 2);
  CHECK(letter->headers[0].name == "content-type");
  CHECK(AsText(letter->headers[0].value) == "application/json");
  CHECK(letter->headers[1].value.empty());
}

TEST_CASE("a dead letter that is cut off, too long or of another form is refused") {
  std::string bytes;
  EncodeDeadLetter(Example(), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(DecodeDeadLetter(bytes.substr(0, size)));
  CHECK_FALSE(DecodeDeadLetter(bytes + "x"));
  bytes[0] = 2;
  CHECK_FALSE(DecodeDeadLetter(bytes));
}

}  // namespace plumbline::io
