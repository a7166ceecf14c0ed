#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

// Writing to what somebody else reads, or does not read (standard error above all), without ever
// waiting for that reader.
namespace pagerd::sys {

// A descriptor for the same thing. A pipe or a terminal is opened anew, not to block: on a copy
// O_NONBLOCK would be set for everybody who has it. Where that is refused (a pipe of another user)
// it is a copy.
Result<Descriptor> open_output(int descriptor);

// Writes what there is room for, and returns how much that was; 0 when there is no room. A regular
// file takes all of it, and its disk's time.
Result<std::size_t> write_at_once(int descriptor, std::span<const std::uint8_t> bytes);

// Waits so long for room, or for the news that there will never be any.
bool has_room_within(int descriptor, int timeout_ms);

}  // namespace pagerd::sys
