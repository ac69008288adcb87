// Delivers alerts to Prometheus' Alertmanager (API v2): a reader of the alerts log with a durable cursor and table of what is
// firing. It is no part of the engine's state: it runs on a thread of its own, a receiver that is down or slow holds up nobody,
// and replay has none.
//
// At least once: what may have arrived is durable before it is sent, the cursor only covers lines that are in the durable table,
// and the identity of an alert (its label set) is the same each time. What is firing is sent again within the receiver's resolve
// time-out.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "connectors/alertmanager/alert_table.h"
#include "connectors/http/http_client.h"
#include "engine/base/clock.h"
#include "engine/io/file_system.h"
#include "engine/io/source.h"

namespace plumbline::alertmanager {

struct DeliveryOptions {
  std::string url;                          // http://alertmanager:9093
  std::string link;                         // of an alert's page; its id is appended. Empty: none
  std::string folder;                       // of the durable table
  std::string name = "alertmanager";        // of the receiver: the table's file and the metrics' label
  bool from_end = false;                    // a first start: skip what the log holds already (an import's alerts)
  std::int64_t resend_ms = 60'000;          // what is firing is sent again after
  std::int64_t resolve_ms = 300'000;        // the receiver lets go of what it has not heard of for this long
  std::int64_t keep_resolved_ms = 300'000;  // ends are told again for this long, lest the receiver restarted meanwhile
  std::int64_t undelivered_ms = 60'000;     // what waits longer is trouble
  std::int64_t catch_up_ms = 30'000;        // nothing is sent before the log is read to its end, or for this long
  int timeout_ms = 10'000;                  // of one request
  std::size_t batch = 64;                   // alerts in one request
  std::int64_t backoff_ms = 500;            // the first wait after a failure; doubles
  std::int64_t most_backoff_ms = 60'000;
  std::uint64_t seed = 1;  // of the jitter
};

struct DeliveryStatus {
  std::uint64_t lines = 0;      // of the alerts log
  std::uint64_t bad_lines = 0;  // that could not be read
  std::uint64_t sent = 0;       // alerts accepted, repetitions included
  std::uint64_t resolved = 0;   // ends accepted, first time
  std::uint64_t refused = 0;    // alerts that the receiver does not accept
  std::uint64_t failures = 0;   // requests that failed
  std::uint64_t firing = 0;     // in the table
  std::uint64_t waiting = 0;    // not told yet
  std::int64_t oldest_ms = 0;   // of those: how long
  std::string last_error;
  std::vector<std::string> trouble;  // for /ready; empty when all is well
};

class Delivery {
  struct Private {};

 public:
  // The way out; replaced in tests.
  using Post = std::function<Result<http::Reply>(const http::Url&, std::string body, int timeout_ms)>;

  // `source` has one topic, the alerts log. Everything outlives the delivery. Reads the durable table; kIntegrity when it is
  // damaged.
  static Result<std::unique_ptr<Delivery>> Open(const DeliveryOptions& options, io::Source& source, io::FileSystem& files,
                                                Clock& clock, Post post = {});
  Delivery(Private, DeliveryOptions options, io::Source& source, io::FileSystem& files, Clock& clock);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // One round: reads what is new, sends what is due. An error is of the disk or the log, never of the receiver.
  Result<void> Step();
  // Rounds on a thread of its own until Stop or the end of the object.
  void Start();
  void Stop();

  // From any thread.
  [[nodiscard]] DeliveryStatus Status() const;
  // Of Step's thread.
  [[nodiscard]] const AlertTable& table() const { return table_; }

 private:
  Result<void> Load();
  Result<void> SeekAll();
  Result<void> Read();
  Result<void> Take(const io::Record& record);
  Result<void> SendLane(Lane lane);
  // 2xx: accepted. 400: each alone when there were several. Others: wait.
  Result<bool> SendBatch(std::vector<Entry*> batch);
  void Wait(const std::string& why, const std::string& retry_after);
  Result<void> Persist();
  void UpdateStatus();
  [[nodiscard]] std::string Body(const std::vector<Entry*>& batch, std::int64_t wall_ms) const;
  [[nodiscard]] AlertTable::Times Now() { return {clock_.WallMs(), clock_.SteadyNs() / 1'000'000}; }
  void Run();

  DeliveryOptions options_;
  io::Source& source_;
  io::FileSystem& files_;
  Clock& clock_;
  Post post_;
  http::Url url_;
  AlertTable table_;
  bool changed_ = false;    // the table, since it was made durable
  bool caught_up_ = false;  // the log was read to its end once
  std::int64_t started_ms_ = 0;
  std::int64_t persisted_ms_ = 0;
  std::int64_t wait_until_ms_ = 0;  // steady; after a failure
  std::int64_t backoff_ms_ = 0;
  std::uint64_t jitter_ = 0;
  std::string reading_trouble_;  // lines that were lost before they could be delivered

  mutable std::mutex status_mutex_;
  DeliveryStatus status_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Of a Retry-After header in seconds; 0 for anything else (a date is not worth a clock's comparison).
[[nodiscard]] std::int64_t RetryAfterMs(std::string_view header);

}  // namespace plumbline::alertmanager
