// Memory of one evaluation: a bump allocator whose blocks are kept and reused when it is reset, so that a warm evaluation calls
// the heap not at all. Owned by whoever evaluates (a worker, a command), used by one thread. What it hands out needs no
// destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

namespace plumbline::cql {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 16 bytes, never null; the soft limit on bytes is the evaluator's to check (EvalContext::OverLimit).
  [[nodiscard]] void* Allocate(std::size_t bytes) {
    bytes = (bytes + 15) & ~std::size_t{15};
    if (bytes > static_cast<std::size_t>(end_ - next_)) Grow(bytes);
    std::byte* at = next_;
    next_ += bytes;
    used_ += bytes;
    return at;
  }

  template <typename T>
  [[nodiscard]] T* AllocateArray(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
    T* items = static_cast<T*>(Allocate(count * sizeof(T)));
    std::uninitialized_default_construct_n(items, count);
    return items;
  }

  template <typename T>
  [[nodiscard]] const T* Make(const T& value) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
    return std::construct_at(static_cast<T*>(Allocate(sizeof(T))), value);
  }

  [[nodiscard]] std::string_view Copy(std::string_view text) {
    if (text.empty()) return std::string_view("", 0);
    char* at = static_cast<char*>(Allocate(text.size()));
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

  // Everything handed out becomes invalid; blocks stay.
  void Reset();
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t reserved() const { return reserved_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  static constexpr std::size_t kFirstBlock = std::size_t{64} << 10;
  static constexpr std::size_t kLargestBlock = std::size_t{4} << 20;

  void Grow(std::size_t bytes);
  void Enter(std::size_t index);

  std::vector<Block> blocks_;
  std::size_t current_ = 0;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t used_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace plumbline::cql
