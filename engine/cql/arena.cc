#include "engine/cql/arena.h"

#include <algorithm>

namespace plumbline::cql {

void Arena::Enter(std::size_t index) {
  current_ = index;
  const auto address = reinterpret_cast<std::uintptr_t>(blocks_[index].bytes.get());
  const std::size_t skip = (16 - address % 16) % 16;
  next_ = blocks_[index].bytes.get() + skip;
  end_ = blocks_[index].bytes.get() + blocks_[index].size;
}

void Arena::Grow(std::size_t bytes) {
  while (current_ + 1 < blocks_.size()) {
    Enter(current_ + 1);
    if (bytes <= static_cast<std::size_t>(end_ - next_)) return;
  }
  std::size_t size = blocks_.empty() ? kFirstBlock : std::min(kLargestBlock, blocks_.back().size * 2);
  size = std::max(size, bytes + 16);
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  reserved_ += size;
  Enter(blocks_.size() - 1);
}

void Arena::Reset() {
  used_ = 0;
  if (!blocks_.empty()) Enter(0);
}

}  // namespace plumbline::cql
