#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sys/memory.hpp"

namespace pagerd::engine {

// Pages [first, first + pages) of an image that one fault asked for.
struct Touch {
  std::uint32_t first = 0;
  std::uint32_t pages = 0;
};

// What a working set is recorded from: the image pages that the faults of one region have asked
// for, in the order in which they came. Bounded; its memory is taken as it is written, eight bytes
// a fault. Fault threads write it and never wait; owned by the region, as long as that lives.
class TouchLog {
 public:
  // Null when there is no memory for it. Beyond so many pages nothing is noted any more.
  static std::unique_ptr<TouchLog> create(std::uint64_t pages_max);

  // Image pages [first, end).
  void note(std::uint64_t first, std::uint64_t end);
  // What was noted. Nothing is from here on.
  std::vector<Touch> take();

 private:
  TouchLog(std::uint64_t pages_max, sys::Mapping slots);

  std::atomic_ref<std::uint64_t> slot(std::uint64_t index) const;

  const std::uint64_t pages_max_;
  const sys::Mapping slots_;
  std::atomic<std::uint64_t> pages_{0};
  // Slots taken: one may be taken and not written yet. It reads as 0, which no touch is.
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<bool> is_over_{false};
};

}  // namespace pagerd::engine
