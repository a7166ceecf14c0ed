#pragma once

#include <cstddef>
#include <cstdint>

// What the keeper does (sys/keeper.hpp).
namespace pagerd::sys {

// A byte for each number: whether somebody else has that descriptor.
struct HeldElsewhere {
  const std::uint8_t *bytes;
  std::size_t count;
};

// Runs in the keeper, on a copy of its maker's stack. The maker had other threads, so no lock of
// the C library may be taken here, and nothing be allocated: system calls only.
[[noreturn]] void run_keeper(int maker_pidfd, HeldElsewhere held);

}  // namespace pagerd::sys
