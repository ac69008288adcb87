#include "engine/rule/row.h"

#include <algorithm>
#include <new>
#include <type_traits>

namespace plumbline::rule {
namespace {

constexpr std::uint32_t kFirstRows = 8;
constexpr std::align_val_t kLine{64};

}  // namespace

static_assert(std::is_trivially_copyable_v<Row>, "rows are moved as bytes");

void RowList::Free(Row* rows, std::uint32_t capacity) {
  if (rows == nullptr) return;
  if (pool_ != nullptr) {
    pool_->Give(rows, capacity * kRowBytes);
  } else {
    ::operator delete(rows, kLine);
  }
}

void RowList::MakeRoom() {
  const std::uint32_t n = end_ - begin_;
  if (begin_ > n / 4) {
    std::memmove(static_cast<void*>(rows_), rows_ + begin_, n * sizeof(Row));
    std::memmove(ids(), ids() + begin_, n * sizeof(std::uint64_t));
  } else {
    const std::size_t wanted = std::max<std::size_t>(kFirstRows, n + n / 2) * kRowBytes;
    const auto capacity = static_cast<std::uint32_t>(BlockPool::SizeOf(wanted) / kRowBytes);
    void* block = pool_ != nullptr ? pool_->Take(capacity * kRowBytes) : ::operator new(capacity* kRowBytes, kLine);
    Row* const old = rows_;
    const std::uint64_t* const old_ids = ids();
    const std::uint32_t old_capacity = capacity_;
    rows_ = static_cast<Row*>(block);
    capacity_ = capacity;
    if (n > 0) {
      std::memcpy(static_cast<void*>(rows_), old + begin_, n * sizeof(Row));
      std::memcpy(ids(), old_ids + begin_, n * sizeof(std::uint64_t));
    }
    Free(old, old_capacity);
  }
  begin_ = 0;
  end_ = n;
}

std::size_t RowList::Insert(const Row& row) {
  if (end_ == capacity_) MakeRoom();
  if (empty() || CanonicalLess(back(), row)) {
    rows_[end_] = row;
    ids()[end_] = row.id.lo;
    return end_++ - begin_;
  }
  Row* const at = std::upper_bound(rows_ + begin_, rows_ + end_, row, CanonicalLess);
  const auto index = static_cast<std::size_t>(at - rows_);
  const std::size_t behind = end_ - index;
  std::memmove(static_cast<void*>(at + 1), at, behind * sizeof(Row));
  std::memmove(ids() + index + 1, ids() + index, behind * sizeof(std::uint64_t));
  *at = row;
  ids()[index] = row.id.lo;
  ++end_;
  return index - begin_;
}

std::size_t RowList::LowerBound(TimeMs time) const {
  const Row* const first = rows_ + begin_;
  return static_cast<std::size_t>(
      std::lower_bound(first, static_cast<const Row*>(rows_ + end_), time, [](const Row& r, TimeMs t) { return r.time < t; }) -
      first);
}

std::size_t RowList::FindId(const Hash128& id, std::size_t from) const {
  const std::uint64_t* const all = ids();
  std::size_t i = begin_ + from;
  while (i < end_) {
    // Eight at a time: nearly always none of them is it.
    for (; i + 8 <= end_; i += 8) {
      bool any = false;
      for (std::size_t k = 0; k < 8; ++k) any |= all[i + k] == id.lo;
      if (any) break;
    }
    const std::size_t until = std::min<std::size_t>(i + 8, end_);
    for (; i < until; ++i) {
      if (all[i] == id.lo && rows_[i].id == id) return i - begin_;
    }
  }
  return size();
}

}  // namespace plumbline::rule
