// The fixture itself, and administration against the real broker.
#include "tests/kafka/broker.h"

#include <catch2/catch.hpp>

#include "connectors/kafka/admin.h"
#include "tests/connectors/kafka/support.h"

namespace plumbline::kafka {

TEST_CASE("a topic is created with its settings, described, trimmed and deleted") {
  Admin admin = MakeAdmin();
  const std::string topic = test::FreshName("admin");
  Need(admin.CreateTopic({topic, 3, 1, {{"message.timestamp.type", "LogAppendTime"}}}));
  CHECK(Need(admin.Partitions(topic)) == 3);
  CHECK(Need(admin.TopicProperties(topic)).at("message.timestamp.type") == "LogAppendTime");
  Send(topic, 1, {"a", "b", "c"});
  CHECK(Need(admin.Ends(topic, 1)).low == 0);
  CHECK(Need(admin.Ends(topic, 1)).end == 3);
  Need(admin.TrimTopic(topic, 1, 2));
  CHECK(Need(admin.Ends(topic, 1)).low == 2);
  Need(admin.DeleteTopic(topic));
  const auto gone = admin.TopicProperties(topic);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a topic that exists is not created again, and the error names it") {
  Admin admin = MakeAdmin();
  const std::string topic = MakeTopic("twice", 1);
  const auto again = admin.CreateTopic({topic, 1, 1, {}});
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message, Catch::Contains(topic) && Catch::Contains("exists"));
}

TEST_CASE("an unknown topic and an unknown property are named in the error") {
  Admin admin = MakeAdmin();
  const auto missing = admin.Partitions("never-created");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK_THAT(missing.error().message, Catch::Contains("never-created") && Catch::Contains("create the topic"));
  Settings settings = BrokerSettings();
  settings.properties["no.such.property"] = "1";
  const auto refused = Admin::Create(settings);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kConfig);
  CHECK_THAT(refused.error().message, Catch::Contains("no.such.property"));
}

TEST_CASE("a broker that is not there is an error that says so") {
  Settings settings;
  settings.bootstrap = "127.0.0.1:" + std::to_string(test::FreePort());
  settings.request_timeout_ms = 1000;
  Admin admin = Need(Admin::Create(settings));
  const auto answer = admin.Partitions("any");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::kUnavailable);
  CHECK_THAT(answer.error().message, Catch::Contains(settings.bootstrap) && Catch::Contains("is the broker running"));
}

}  // namespace plumbline::kafka
