// The eICU measures through a real Kafka: three topics of several partitions in, alerts and measures out as topics.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/kafka/broker.h"

TEST_CASE("eICU through real Kafka gives the known answers exactly", "[kafka][eicu]") {
  const auto broker = plumbline::test::KafkaBroker::Shared();
  REQUIRE(broker);
  const std::string work =
      std::string(std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") + "/plumbline-eicu-kafka";
  const std::string command = std::string("tests/app/eicu.sh ") + PLUMBLINE_PROGRAM + " " + work + " " + (*broker)->address();
  CHECK(std::system(command.c_str()) == 0);
}
