#include "engine/strays.hpp"

#include <algorithm>

#include "engine/limits.hpp"

namespace pagerd::engine {

void Strays::note(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  has_any_.store(true, std::memory_order_relaxed);
  const auto known = std::find(addresses_.begin(), addresses_.end(), address);
  if (known != addresses_.end()) return;
  if (addresses_.size() < limits::strays_max) addresses_.push_back(address);
  else has_more_ = true;
}

void Strays::forget(std::uint64_t start, std::uint64_t end) {
  const std::lock_guard lock(mutex_);
  std::erase_if(addresses_, [=](std::uint64_t it) { return start <= it && it < end; });
  has_any_.store(has_more_ || !addresses_.empty(), std::memory_order_relaxed);
}

}  // namespace pagerd::engine
