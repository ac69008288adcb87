#include "engine/rule/row.h"

#include <algorithm>

namespace plumbline::rule {

void RowList::Compact() {
  if (begin_ == 0) return;
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(begin_));
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
}

std::size_t RowList::Insert(const Row& row) {
  if (rows_.size() == rows_.capacity()) Compact();
  if (empty() || CanonicalLess(rows_.back(), row)) {
    rows_.push_back(row);
    ids_.push_back(row.id.lo);
    return size() - 1;
  }
  const auto at = std::upper_bound(rows_.begin() + static_cast<std::ptrdiff_t>(begin_), rows_.end(), row, CanonicalLess);
  const std::ptrdiff_t index = at - rows_.begin();
  rows_.insert(at, row);
  ids_.insert(ids_.begin() + index, row.id.lo);
  return static_cast<std::size_t>(index) - begin_;
}

std::size_t RowList::LowerBound(TimeMs time) const {
  const auto first = rows_.begin() + static_cast<std::ptrdiff_t>(begin_);
  return static_cast<std::size_t>(std::lower_bound(first, rows_.end(), time, [](const Row& r, TimeMs t) { return r.time < t; }) -
                                  first);
}

std::size_t RowList::FindId(const Hash128& id, std::size_t from) const {
  for (std::size_t i = begin_ + from; i < ids_.size(); ++i) {
    if (ids_[i] == id.lo && rows_[i].id == id) return i - begin_;
  }
  return size();
}

}  // namespace plumbline::rule
