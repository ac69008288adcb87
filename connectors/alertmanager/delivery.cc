#include "connectors/alertmanager/delivery.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "engine/base/failpoint.h"
#include "engine/base/hash.h"
#include "engine/model/iso_time.h"

namespace plumbline::alertmanager {
namespace {

constexpr std::size_t kPollRecords = 256;
constexpr int kMostPolls = 64;  // of a partition in one round
constexpr std::uint64_t kMostTableBytes = 1ULL << 30;
constexpr std::int64_t kPersistEveryMs = 1000;
constexpr std::int64_t kIdleMs = 100;

std::string FileName(const DeliveryOptions& options) { return "delivery-" + options.name + ".table"; }

void AppendText(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') out += '\\';
    if (code >= 0x20)
      out += letter;
    else
      out.append("\\u00").append(1, kHex[code >> 4]).append(1, kHex[code & 15]);
  }
  out += '"';
}

void AppendPair(std::string& out, std::string_view name, std::string_view value, bool first = false) {
  if (value.empty()) return;  // Alertmanager takes an empty label for none
  if (!first) out += ',';
  AppendText(out, name);
  out += ':';
  AppendText(out, value);
}

}  // namespace

std::int64_t RetryAfterMs(std::string_view header) {
  std::int64_t seconds = 0;
  const auto end = std::from_chars(header.data(), header.data() + header.size(), seconds);
  constexpr std::int64_t kMostSeconds = 3600;
  if (end.ec != std::errc{} || end.ptr != header.data() + header.size() || seconds < 0) return 0;
  return std::min(seconds, kMostSeconds) * 1000;
}

Delivery::Delivery(Private, DeliveryOptions options, io::Source& source, io::FileSystem& files, Clock& clock)
    : options_(std::move(options)), source_(source), files_(files), clock_(clock), jitter_(options_.seed) {}

Delivery::~Delivery() { Stop(); }

Result<std::unique_ptr<Delivery>> Delivery::Open(const DeliveryOptions& options, io::Source& source, io::FileSystem& files,
                                                 Clock& clock, Post post) {
  auto delivery = std::make_unique<Delivery>(Private{}, options, source, files, clock);
  PLUMBLINE_ASSIGN(delivery->url_, http::ParseUrl(options.url));
  delivery->post_ = post ? std::move(post) : [](const http::Url& url, std::string body, int timeout_ms) {
    return http::Post(url, "/api/v2/alerts", "application/json", std::move(body), timeout_ms);
  };
  PLUMBLINE_TRY(files.CreateDirectories(options.folder));
  PLUMBLINE_TRY(delivery->Load());
  PLUMBLINE_TRY(delivery->SeekAll());
  delivery->started_ms_ = delivery->Now().steady_ms;
  delivery->UpdateStatus();
  return delivery;
}

Result<void> Delivery::Load() {
  const std::string path = options_.folder + "/" + FileName(options_);
  auto bytes = io::ReadWholeFile(files_, path, kMostTableBytes);
  PLUMBLINE_ASSIGN(const std::uint32_t partitions, source_.Partitions(0));
  PLUMBLINE_ASSIGN(const std::string identity, source_.TopicIdentity(0));
  if (bytes) {
    auto table = AlertTable::Decode(*bytes);
    if (!table) {
      Error error = table.error();
      error.message = path + ": " + error.message + "; remove the file to begin anew (what is firing is paged again)";
      return std::unexpected(std::move(error));
    }
    table_ = *std::move(table);
    // Another log under the name: its cursors mean nothing here; what is firing still ends by its own lines or its time-out.
    if (table_.source_identity != identity) table_.cursors().clear();
  } else if (bytes.error().code != ErrorCode::kNotFound) {
    return std::unexpected(bytes.error());
  }
  table_.source_identity = identity;
  while (table_.cursors().size() < partitions) {
    Cursor cursor;
    const io::TopicPartition partition{0, static_cast<std::uint32_t>(table_.cursors().size())};
    PLUMBLINE_ASSIGN(cursor.offset, options_.from_end ? source_.EndOffset(partition) : source_.LowWatermark(partition));
    table_.cursors().push_back(cursor);
  }
  changed_ = true;
  return {};
}

Result<void> Delivery::SeekAll() {
  for (std::uint32_t partition = 0; partition < table_.cursors().size(); ++partition) {
    Cursor& cursor = table_.cursors()[partition];
    const auto sought = source_.Seek({0, partition}, cursor.offset);
    if (sought) continue;
    if (sought.error().code != ErrorCode::kTrimmed) return sought;
    // Better to go on with a gap that is shown than to stand still.
    reading_trouble_ = "alerts were lost before they could be delivered: " + sought.error().message;
    PLUMBLINE_ASSIGN(cursor.offset, source_.LowWatermark({0, partition}));
    PLUMBLINE_TRY(source_.Seek({0, partition}, cursor.offset));
  }
  return {};
}

Result<void> Delivery::Take(const io::Record& record) {
  Cursor& cursor = table_.cursors()[record.partition];
  cursor.offset = record.offset + 1;
  changed_ = true;
  if (const auto id = io::EffectIdOf(record.headers)) {
    if (cursor.any && *id <= cursor.last) return {};  // appended twice by a restart
    cursor.last = *id;
    cursor.any = true;
  }
  const auto line = ParseAlertLine(AsText(record.value));
  const std::scoped_lock lock(status_mutex_);
  ++status_.lines;
  if (!line) {
    ++status_.bad_lines;
    status_.last_error = "offset " + std::to_string(record.offset) + ": " + line.error().message;
    return {};
  }
  table_.Apply(*line, Now());
  return {};
}

Result<void> Delivery::Read() {
  bool at_end = true;
  for (std::uint32_t partition = 0; partition < table_.cursors().size(); ++partition) {
    bool more = true;
    for (int i = 0; i < kMostPolls && more; ++i) {
      PLUMBLINE_ASSIGN(const auto records, source_.Poll({0, partition}, kPollRecords));
      for (const io::Record& record : records) PLUMBLINE_TRY(Take(record));
      more = !records.empty();
    }
    at_end = at_end && !more && source_.SeemsAtEnd({0, partition});
  }
  if (at_end || Now().steady_ms - started_ms_ > options_.catch_up_ms) caught_up_ = true;
  return {};
}

std::string Delivery::Body(const std::vector<Entry*>& batch, std::int64_t wall_ms) const {
  std::string out = "[";
  for (const Entry* entry : batch) {
    if (out.size() > 1) out += ',';
    // Identity is the label set: nothing that changes in the life of a chain may be in it.
    out += "{\"labels\":{";
    AppendPair(out, "alertname", entry->rule, true);
    AppendPair(out, "alert_id", entry->chain);
    AppendPair(out, "rule", entry->rule);
    AppendPair(out, "severity", entry->severity);
    AppendPair(out, "site", entry->site);
    out += "},\"annotations\":{";
    AppendPair(out, "current_id", entry->current, true);
    AppendPair(out, "revision", std::to_string(entry->revision));
    AppendPair(out, "step", entry->step);
    AppendPair(out, "instant", model::FormatTime(entry->instant_ms));
    for (const auto& [language, title] : entry->titles) AppendPair(out, "title_" + language, title);
    const std::int64_t starts = std::min(entry->instant_ms, entry->changed_wall_ms);
    const std::int64_t ends = entry->firing ? wall_ms + options_.resolve_ms : std::max(entry->changed_wall_ms, starts + 1);
    out += "},\"startsAt\":\"" + model::FormatTime(starts) + "\",\"endsAt\":\"" + model::FormatTime(ends) + "\"";
    if (!options_.link.empty()) AppendPair(out, "generatorURL", options_.link + entry->chain);
    out += '}';
  }
  return out + "]";
}

Result<void> Delivery::Persist() {
  const std::string bytes = table_.Encode();
  PLUMBLINE_TRY(io::ReplaceFile(files_, options_.folder, FileName(options_), AsBytes(bytes)));
  changed_ = false;
  persisted_ms_ = Now().steady_ms;
  return {};
}

void Delivery::Wait(const std::string& why, const std::string& retry_after) {
  backoff_ms_ = backoff_ms_ == 0 ? options_.backoff_ms : std::min(backoff_ms_ * 2, options_.most_backoff_ms);
  // Half of it and a part of the other half, so that several engines do not come back at one moment (splitmix64).
  jitter_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = jitter_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  const auto part = static_cast<std::int64_t>((z ^ (z >> 31)) % static_cast<std::uint64_t>(backoff_ms_ / 2 + 1));
  wait_until_ms_ = Now().steady_ms + std::max(backoff_ms_ / 2 + part, RetryAfterMs(retry_after));
  const std::scoped_lock lock(status_mutex_);
  ++status_.failures;
  status_.last_error = why;
}

Result<bool> Delivery::SendBatch(std::vector<Entry*> batch) {
  const AlertTable::Times now = Now();
  bool first_time = false;
  for (Entry* entry : batch) {
    first_time = first_time || !entry->attempted;
    entry->attempted = true;
  }
  if (first_time) PLUMBLINE_TRY(Persist());  // what may arrive is known after a crash, so that its end is told
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kDeliverySend));
  const auto reply = post_(url_, Body(batch, now.wall_ms), options_.timeout_ms);
  PLUMBLINE_TRY(AtFailpoint(Failpoint::kDeliveryCursor));
  const bool splits = reply && (reply->status == 400 || reply->status == 413);
  if (reply && reply->status / 100 == 2) {
    backoff_ms_ = 0;
    const std::scoped_lock lock(status_mutex_);
    for (Entry* entry : batch) {
      ++status_.sent;
      if (!entry->firing && !entry->told) ++status_.resolved;
      table_.Accepted(*entry, now, now.steady_ms + options_.resend_ms, options_.keep_resolved_ms);
    }
    changed_ = true;
    return true;
  }
  if (splits && batch.size() > 1) {  // one bad alert spoils the answer for all: the good ones among them are stored or not
    for (Entry* entry : batch) {
      PLUMBLINE_ASSIGN(const bool goes_on, SendBatch({entry}));
      if (!goes_on) return false;
    }
    return true;
  }
  if (splits) {
    batch[0]->refused = reply->body.substr(0, 300);
    const std::scoped_lock lock(status_mutex_);
    ++status_.refused;
    status_.last_error = options_.url + " refuses alert " + batch[0]->chain + ": " + batch[0]->refused;
    return true;
  }
  Wait(reply ? options_.url + " answers " + std::to_string(reply->status) + ": " + reply->body.substr(0, 200)
             : reply.error().message,
       reply ? reply->retry_after : "");
  return false;
}

Result<void> Delivery::SendLane(Lane lane) {
  while (!stop_.load(std::memory_order_relaxed)) {
    auto batch = table_.Due(lane, Now(), options_.batch);
    if (batch.empty()) return {};
    PLUMBLINE_ASSIGN(const bool goes_on, SendBatch(std::move(batch)));
    if (!goes_on) return {};
    // What fires critically meanwhile does not wait for the rest of a lower lane.
    if (lane != Lane::kCritical) {
      PLUMBLINE_TRY(Read());
      if (!table_.Due(Lane::kCritical, Now(), 1).empty()) PLUMBLINE_TRY(SendLane(Lane::kCritical));
      if (Now().steady_ms < wait_until_ms_) return {};
    }
  }
  return {};
}

Result<void> Delivery::Step() {
  PLUMBLINE_TRY(Read());
  for (int lane = 0; lane < kLanes; ++lane)
    if (caught_up_ && Now().steady_ms >= wait_until_ms_) PLUMBLINE_TRY(SendLane(static_cast<Lane>(lane)));
  table_.DropRefusedEnds(Now().wall_ms, options_.keep_resolved_ms);
  if (changed_ && Now().steady_ms - persisted_ms_ >= kPersistEveryMs) PLUMBLINE_TRY(Persist());
  UpdateStatus();
  return {};
}

void Delivery::UpdateStatus() {
  const std::int64_t wall_ms = Now().wall_ms;
  std::uint64_t firing = 0, waiting = 0;
  std::int64_t oldest = 0;
  for (const auto& [chain, entry] : table_.entries()) {
    firing += entry.firing ? 1 : 0;
    if (entry.told || (entry.firing && entry.muted_until_ms > wall_ms)) continue;
    ++waiting;
    oldest = std::max(oldest, wall_ms - entry.changed_wall_ms);
  }
  const std::scoped_lock lock(status_mutex_);
  status_.firing = firing;
  status_.waiting = waiting;
  status_.oldest_ms = oldest;
  status_.trouble.clear();
  if (oldest > options_.undelivered_ms)
    status_.trouble.push_back(std::to_string(waiting) + " alerts wait to be delivered to " + options_.url + ", the oldest for " +
                              std::to_string(oldest / 1000) + " s (" + status_.last_error + ")");
  if (!reading_trouble_.empty()) status_.trouble.push_back(reading_trouble_);
  if (status_.bad_lines > 0)
    status_.trouble.push_back(std::to_string(status_.bad_lines) + " lines of the alerts log cannot be read");
}

DeliveryStatus Delivery::Status() const {
  const std::scoped_lock lock(status_mutex_);
  return status_;
}

void Delivery::Run() {
  while (!stop_.load(std::memory_order_relaxed)) {
    if (const auto stepped = Step(); !stepped) {
      const std::scoped_lock lock(status_mutex_);
      ++status_.failures;
      status_.last_error = stepped.error().Text();
      status_.trouble = {"delivery to " + options_.url + ": " + stepped.error().Text()};
    }
    clock_.SleepMs(kIdleMs);
  }
  (void)Persist();  // what fails here is read again at the next start
}

void Delivery::Start() {
  stop_ = false;
  thread_ = std::thread([this] { Run(); });
}

void Delivery::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace plumbline::alertmanager
