#include "engine/base/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

namespace plumbline {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = 2u << 20;
constexpr std::size_t kFirstPiece = 64u << 10;
constexpr std::size_t kMostPiece = 16u << 20;
constexpr std::size_t kLargest = 1u << 20;  // of a block from a piece; beyond it the system is asked

// Sizes 64, 80, 96, 112, 128, 160, ...: four to each doubling. `steps` counts them.
constexpr std::size_t SizeOfClass(std::size_t steps) { return (kLine << (steps / 4)) / 4 * (4 + steps % 4); }

}  // namespace

std::size_t BlockPool::ClassOf(std::size_t bytes) {
  if (bytes <= kLine) return 0;
  const auto doubling = static_cast<std::size_t>(std::bit_width(bytes - 1) - std::bit_width(kLine));
  std::size_t steps = doubling * 4;
  while (SizeOfClass(steps) < bytes) ++steps;
  return steps;
}

std::size_t BlockPool::SizeOf(std::size_t bytes) { return bytes > kLargest ? bytes : SizeOfClass(ClassOf(bytes)); }

BlockPool::~BlockPool() {
  for (void* piece : pieces_) std::free(piece);
}

void* BlockPool::FromSystem(std::size_t bytes) {
  const bool huge = bytes >= kHugePage;
  const std::size_t alignment = huge ? kHugePage : kLine;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
  // Advice only: without huge pages everything works, slower.
  if (huge) madvise(memory, size, MADV_HUGEPAGE);
  bytes_ += size;
  return memory;
}

void BlockPool::AddPiece(std::size_t least) {
  const std::size_t size = std::max(std::clamp(std::bit_floor(bytes_ / 2 + 1), kFirstPiece, kMostPiece), std::bit_ceil(least));
  pieces_.push_back(FromSystem(size));
  at_ = static_cast<std::byte*>(pieces_.back());
  end_ = at_ + size;
}

void* BlockPool::Take(std::size_t bytes) {
  if (bytes > kLargest) return FromSystem(bytes);
  const std::size_t steps = ClassOf(bytes);
  if (Free* block = free_[steps]) {
    free_[steps] = block->next;
    return block;
  }
  const std::size_t size = (SizeOfClass(steps) + kLine - 1) / kLine * kLine;
  if (static_cast<std::size_t>(end_ - at_) < size) AddPiece(size);
  void* block = at_;
  at_ += size;
  return block;
}

void BlockPool::Give(void* block, std::size_t bytes) {
  if (block == nullptr) return;
  if (bytes > kLargest) {
    std::free(block);
    return;
  }
  auto* freed = static_cast<Free*>(block);
  const std::size_t steps = ClassOf(bytes);
  freed->next = free_[steps];
  free_[steps] = freed;
}

}  // namespace plumbline
