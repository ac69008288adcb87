// Creating, deleting, trimming and asking about topics. For set-up, tests and `doctor`; never on the path of an event.
#pragma once

#include <map>
#include <string>

#include "connectors/kafka/client.h"

namespace plumbline::kafka {

class Admin {
 public:
  static Result<Admin> Create(const Settings& settings);

  struct NewTopic {
    std::string name;
    std::uint32_t partitions = 1;
    int replication = 1;
    std::map<std::string, std::string> properties;  // message.timestamp.type=LogAppendTime ...
  };
  Result<void> CreateTopic(const NewTopic& topic);
  Result<void> DeleteTopic(const std::string& name);
  // Deletes what lies below `offset`: the low watermark becomes it.
  Result<void> TrimTopic(const std::string& name, std::uint32_t partition, std::int64_t offset);
  // The topic's settings as they are in force.
  Result<std::map<std::string, std::string>> TopicProperties(const std::string& name);
  Result<std::uint32_t> Partitions(const std::string& name) { return QueryPartitions(client_, name); }
  Result<std::string> ClusterId() { return QueryClusterId(client_); }
  Result<Watermarks> Ends(const std::string& name, std::uint32_t partition) { return QueryWatermarks(client_, name, partition); }

 private:
  explicit Admin(Client client) : client_(std::move(client)) {}
  Client client_;
};

}  // namespace plumbline::kafka
