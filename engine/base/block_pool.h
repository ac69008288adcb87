// Memory for the state of many small things (subjects, their rows) that live as long as one owner: blocks cut from growing pieces
// that the kernel is asked to back by huge pages, because such state is touched at random and page tables would be walked for
// every touch. Freed blocks are used again for the same class of sizes; pieces go back to the system with the pool. One thread at
// a time. Nothing here is part of any state that is saved.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace plumbline {

class BlockPool {
 public:
  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // What a block that is asked for with `bytes` holds: at most a quarter more.
  [[nodiscard]] static std::size_t SizeOf(std::size_t bytes);
  // Aligned to a cache line. Throws std::bad_alloc.
  [[nodiscard]] void* Take(std::size_t bytes);
  // `bytes` as it was asked for.
  void Give(void* block, std::size_t bytes);
  // Taken from the system so far.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kClasses = 64;
  static std::size_t ClassOf(std::size_t bytes);
  void AddPiece(std::size_t least);
  [[nodiscard]] void* FromSystem(std::size_t bytes);

  struct Free {
    Free* next;
  };
  std::array<Free*, kClasses> free_{};
  std::vector<void*> pieces_;
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace plumbline
