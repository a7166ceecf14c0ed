#include "engine/pending.hpp"

#include <algorithm>

namespace pagerd::engine {

bool PendingFaults::add(std::uint64_t address, std::uint64_t since_ns) {
  const std::lock_guard lock(mutex_);
  for (const Entry &entry : entries_) {
    if (entry.address == address) return false;
  }
  entries_.push_back({address, since_ns});
  publish();
  return true;
}

void PendingFaults::remove(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [address](const Entry &entry) { return entry.address == address; };
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
  if (found == entries_.end()) return;
  *found = entries_.back();
  entries_.pop_back();
  publish();
}

void PendingFaults::publish() {
  std::uint64_t oldest = 0;
  for (const Entry &entry : entries_) {
    if (oldest == 0 || entry.since_ns < oldest) oldest = entry.since_ns;
  }
  count_.store(entries_.size());  // in order with AddressSpace::is_paused_, see there
  oldest_ns_.store(oldest, std::memory_order_relaxed);
}

}  // namespace pagerd::engine
