// Puts records into the order (arrival, source sequence, entry) with bounded memory: what does not fit is sorted and written to
// runs in a folder, which are merged at the end and removed. One thread.
//
//   run    := record*
//   record := arrival:i64 sequence:u64 entered:u64 stream:u8 key_size:u32 value_size:u32 key value      little-endian
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/sink/event_sink.h"
#include "engine/base/error.h"
#include "engine/io/file_system.h"

namespace plumbline::importer {

struct SorterOptions {
  std::string folder;                     // for runs; made when it is needed
  std::size_t memory_bytes = 256U << 20;  // of records held
  std::size_t read_bytes = 256U << 10;    // buffered of each run while merging
};

class Sorter {
 public:
  Sorter(io::FileSystem& files, SorterOptions options);
  ~Sorter();
  Sorter(const Sorter&) = delete;
  Sorter& operator=(const Sorter&) = delete;

  [[nodiscard]] Result<void> Add(const sink::OutRecord& record, std::uint64_t sequence);
  // After the last Add, once.
  [[nodiscard]] Result<void> Finish();
  // The next record, false at the end. Views hold until the next call.
  [[nodiscard]] Result<bool> Next(sink::OutRecord& record);

  [[nodiscard]] std::uint64_t size() const { return entered_; }
  [[nodiscard]] std::size_t runs() const { return runs_.size(); }

 private:
  struct Entry {
    std::int64_t arrival;
    std::uint64_t sequence;
    std::uint64_t entered;
    std::size_t offset;  // in bytes_
    std::uint32_t key_size, value_size;
    std::uint8_t stream;
  };
  class Run;

  [[nodiscard]] Result<void> Spill();
  void SortHeld();

  io::FileSystem& files_;
  SorterOptions options_;
  std::string bytes_;  // keys and values of the held entries
  std::vector<Entry> held_;
  std::uint64_t entered_ = 0;
  std::size_t next_held_ = 0;
  bool finished_ = false;
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<std::size_t> heap_;  // runs by their head
  bool taken_ = false;             // the heap's first run is to be moved on before the next record
};

}  // namespace plumbline::importer
