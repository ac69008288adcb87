// Is what an alerts log tells consistent in itself? Nothing ends that did not fire; a retraction names the transition that it
// takes back, and it is one that stood; numbers of transitions have no gap; what supersedes names an alert that ended for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::oracle {

class HistoryChecker {
 public:
  // The next line of the log of one partition.
  void Add(std::string_view line);
  // What is wrong, each with its line; empty when all is well.
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] std::size_t alerts() const { return alerts_.size(); }

 private:
  struct Alert {
    std::uint64_t transitions = 0, handlings = 0;
    std::uint64_t shown = 0;  // number of the transition that stands
    std::string state, chain;
  };
  void Complain(const std::string& why, std::string_view line);
  void Follow(Alert& alert, std::string_view state, std::uint64_t retracts, std::string_view line);
  std::map<std::string, Alert> alerts_;
  std::vector<std::string> complaints_;
};

}  // namespace plumbline::oracle
