#include "engine/rule/row.h"

#include <algorithm>
#include <array>
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
    pool_->Give(rows, BytesOf(capacity));
  } else {
    ::operator delete(rows, kLine);
  }
}

void RowList::MakeRoom() {
  const std::uint32_t n = end_ - begin_;
  if (begin_ > n / 8) {
    std::memmove(static_cast<void*>(rows_), rows_ + begin_, n * sizeof(Row));
    std::memmove(marks(), marks() + begin_, n * sizeof(Mark));
  } else {
    const std::size_t bytes = BlockPool::SizeOf(BytesOf(std::max<std::size_t>(kFirstRows, n + n / 2)));
    const auto capacity = static_cast<std::uint32_t>((bytes - kBehind) / kRowBytes);
    void* block = pool_ != nullptr ? pool_->Take(BytesOf(capacity)) : ::operator new(BytesOf(capacity), kLine);
    Row* const old = rows_;
    const Mark* const old_marks = marks();
    const std::uint32_t old_capacity = capacity_;
    rows_ = static_cast<Row*>(block);
    capacity_ = capacity;
    std::memset(marks(), 0, capacity * sizeof(Mark) + kBehind);
    if (n > 0) {
      std::memcpy(static_cast<void*>(rows_), old + begin_, n * sizeof(Row));
      std::memcpy(marks(), old_marks + begin_, n * sizeof(Mark));
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
    marks()[end_] = MarkOf(row.id);
    return end_++ - begin_;
  }
  Row* const at = std::upper_bound(rows_ + begin_, rows_ + end_, row, CanonicalLess);
  const auto index = static_cast<std::size_t>(at - rows_);
  const std::size_t behind = end_ - index;
  std::memmove(static_cast<void*>(at + 1), at, behind * sizeof(Row));
  std::memmove(marks() + index + 1, marks() + index, behind * sizeof(Mark));
  *at = row;
  marks()[index] = MarkOf(row.id);
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
  using Vector = Mark __attribute__((vector_size(kMarksAtOnce * sizeof(Mark))));
  const Mark* const all = marks();
  const Mark wanted = MarkOf(id);
  const Vector wanted_each = wanted - Vector{};
  for (std::size_t i = begin_ + from; i < end_; i += kMarksAtOnce) {
    Vector some;
    std::memcpy(&some, all + i, sizeof some);
    std::array<std::uint64_t, 2> equal;
    const auto same = some == wanted_each;
    std::memcpy(equal.data(), &same, sizeof same);
    if ((equal[0] | equal[1]) == 0) [[likely]]
      continue;
    for (std::size_t k = i; k < std::min<std::size_t>(i + kMarksAtOnce, end_); ++k) {
      if (all[k] == wanted && rows_[k].id == id) return k - begin_;
    }
  }
  return size();
}

}  // namespace plumbline::rule
