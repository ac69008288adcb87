#include "rules/measure/patients.h"

#include <catch2/catch.hpp>

using namespace plumbline;
using namespace plumbline::rules;

TEST_CASE("a test case has a period and expected counts, by group where there are several") {
  const auto one = ReadPatients(R"({"case":"c","title":"t","period":{"start":"2026-01-01","end":"2026-12-31"},
    "expected":{"initial-population":1,"numerator":0},"resources":[]})",
                                "c.json");
  REQUIRE(one.has_value());
  REQUIRE(one->size() == 1);
  CHECK(one->front().id == "c");
  CHECK(one->front().period_end == "2026-12-31");
  REQUIRE(one->front().expected.size() == 1);
  CHECK(one->front().expected[0].counts.size() == 2);
  const auto two = ReadPatients(
      R"({"case":"c","expected":[{"group":"A","numerator":1},{"group":"B","numerator":2}],"resources":[]})", "c.json");
  REQUIRE(two.has_value());
  CHECK(two->front().expected[1].group == "B");
  CHECK(two->front().expected[1].counts[0].count == 2);
}

TEST_CASE("a bundle of one patient is that patient's, whoever its resources name") {
  const auto patients = ReadPatients(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"p"}},
    {"resource":{"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/other"}}}]})",
                                     "b.json");
  REQUIRE(patients.has_value());
  REQUIRE(patients->size() == 1);
  CHECK(patients->front().id == "p");
  CHECK(patients->front().documents.size() == 2);
}

TEST_CASE("resources of several patients go to whom they name, shared ones to all") {
  constexpr std::string_view kLines =
      "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n"
      "{\"resourceType\":\"Patient\",\"id\":\"b\"}\n\n"
      "{\"resourceType\":\"Encounter\",\"id\":\"1\",\"subject\":{\"reference\":\"Patient/b\"}}\n"
      "{\"resourceType\":\"Immunization\",\"id\":\"2\",\"patient\":{\"reference\":\"http://x/Patient/a\"}}\n"
      "{\"resourceType\":\"Medication\",\"id\":\"3\"}\n";
  const auto patients = ReadPatients(kLines, "x.ndjson");
  REQUIRE(patients.has_value());
  REQUIRE(patients->size() == 2);
  CHECK((*patients)[0].id == "a");
  CHECK((*patients)[0].documents.size() == 3);
  CHECK((*patients)[1].documents.size() == 3);
  CHECK((*patients)[1].documents[1].find("Encounter") != std::string::npos);
}

TEST_CASE("a bundle a line is a patient a line") {
  const auto patients = ReadPatients(
      "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\"}}]}\n"
      "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"b\"}}]}\n",
      "x.ndjson");
  REQUIRE(patients.has_value());
  CHECK(patients->size() == 2);
}

TEST_CASE("a broken file is named with its line") {
  CHECK(ReadPatients("{", "x.json").error().message.starts_with("x.json: "));
  CHECK(ReadPatients("{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\n", "x.ndjson").error().message.starts_with("x.ndjson:2: "));
  CHECK(LoadPatients("/nonexistent/folder").error().code == ErrorCode::kNotFound);
}
