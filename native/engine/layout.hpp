#pragma once

#include <cstdint>

#include "engine/fault.hpp"

// What a client does to its own address space, and what that makes of the parts of its regions. No
// state and no system call: one table, so that every case can be looked up and tested.
namespace pagerd::engine {

enum class LayoutKind : std::uint8_t { remove, unmap, remap };

struct LayoutEvent {
  LayoutKind kind = LayoutKind::remove;
  Window range;
  std::uint64_t to = 0;  // remap: where range.start is now
};

// How much of a part the range of an event meets.
enum class Meets : std::uint8_t { none, whole, head, tail, middle };

// What becomes of what was met.
enum class Fate : std::uint8_t {
  stays,
  discarded,  // still mapped, its pages are gone
  ended,      // mapped no more
  moved,      // at another address, with the pages it had and those it lacked
};

// What the event makes of one part: what lies before and behind the range stays what it was.
struct LayoutStep {
  Fate fate = Fate::stays;
  Window met;
  Window before;
  Window behind;
};

Meets meets(Window part, Window range);
LayoutStep step_of(const LayoutEvent &event, Window part);

}  // namespace pagerd::engine
