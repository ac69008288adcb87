// Counts what reaches the heap. A test program that calls Allocations() has every operator new of its own counted.
#pragma once

#include <cstdint>

namespace plumbline::test {

// Calls of operator new by this thread since it began.
[[nodiscard]] std::uint64_t Allocations();

}  // namespace plumbline::test
