// 128-bit integers. GCC and clang have them as an extension that -Wpedantic refuses by name; this is the one place that names it.
#pragma once

#include <cstdint>

namespace plumbline {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

}  // namespace plumbline
