#pragma once

#include <cstdint>

namespace pagerd::sys {

// CLOCK_MONOTONIC, in nanoseconds: a clock jump moves no deadline.
std::uint64_t monotonic_ns();

// CLOCK_REALTIME, in nanoseconds since the epoch: for people only.
std::uint64_t realtime_ns();

}  // namespace pagerd::sys
