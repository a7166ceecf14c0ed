#include "engine/starvation.hpp"

#include <algorithm>

#include "engine/limits.hpp"
#include "sys/clock.hpp"

namespace pagerd::engine {

bool Starvation::is_before_end() const { return sys::monotonic_ns() < until_ns(); }

bool Starvation::note_failure() {
  const std::uint32_t before = failures_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t doubled = limits::starved_pause_ns << std::min<std::uint32_t>(before, 10);
  const std::uint64_t pause_ns = std::min(doubled, limits::starved_pause_ns_max);
  until_ns_.store(sys::monotonic_ns() + pause_ns, std::memory_order_relaxed);
  return before == 0;
}

void Starvation::recover() {
  failures_.store(0, std::memory_order_relaxed);
  until_ns_.store(0, std::memory_order_relaxed);
}

}  // namespace pagerd::engine
