#include "engine/app/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "engine/app/command.h"

namespace plumbline::app {
namespace {

constexpr std::int64_t kDrawEveryNs = 200'000'000;
constexpr std::uint32_t kCallsBetweenClocks = 256;
constexpr std::uint64_t kBarLetters = 30;

}  // namespace

Progress::Progress(Clock& clock, std::string what, bool quiet)
    : clock_(clock),
      what_(std::move(what)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1),
      began_ns_(clock.SteadyNs()),
      drawn_ns_(began_ns_) {}

void Progress::Show(std::uint64_t done, std::uint64_t total, std::uint64_t records) {
  if (quiet_ || !terminal_ || ++calls_ % kCallsBetweenClocks != 0) return;
  const std::int64_t now = clock_.SteadyNs();
  if (now - drawn_ns_ < kDrawEveryNs) return;
  drawn_ns_ = now;
  Draw(done, total, records);
}

void Progress::Draw(std::uint64_t done, std::uint64_t total, std::uint64_t records) {
  const std::uint64_t share = total == 0 ? 0 : std::min(kBarLetters, done * kBarLetters / total);
  const std::string bar(share, '#');
  const std::string rest(kBarLetters - share, '.');
  const double seconds = static_cast<double>(clock_.SteadyNs() - began_ns_) / 1e9;
  std::fprintf(stderr, "\r%s [%s%s] %3llu %%  %llu records  %.0f/s ", what_.c_str(), bar.c_str(), rest.c_str(),
               static_cast<unsigned long long>(total == 0 ? 0 : std::min<std::uint64_t>(100, done * 100 / total)),
               static_cast<unsigned long long>(records), seconds > 0 ? static_cast<double>(records) / seconds : 0.0);
  std::fflush(stderr);
}

void Progress::Done(std::uint64_t records) {
  if (quiet_) return;
  const double seconds = static_cast<double>(clock_.SteadyNs() - began_ns_) / 1e9;
  std::fprintf(stderr, "%s%s: %llu records in %.1f s\n", terminal_ ? "\r\033[K" : "", what_.c_str(),
               static_cast<unsigned long long>(records), seconds);
}

int Report(const Result<void>& result) {
  if (result) return kExitOk;
  std::fprintf(stderr, "%s\n", result.error().Text().c_str());
  return result.error().code == ErrorCode::kIntegrity ? kExitIntegrity : kExitUsage;
}

}  // namespace plumbline::app
