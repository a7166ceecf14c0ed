#include "engine/pending.hpp"

#include <algorithm>

#include "sys/check.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

bool PendingFaults::add(std::uint64_t address, std::uint64_t since_ns, Place place) {
  PAGERD_CHECK(place != Place::none);
  const std::lock_guard lock(mutex_);
  for (const Unresolved &entry : entries_) {
    if (entry.address == address) return false;
  }
  entries_.push_back({address, since_ns, place});
  publish();
  return true;
}

void PendingFaults::remove(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [address](const Unresolved &entry) { return entry.address == address; };
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
  if (found == entries_.end()) return;
  *found = entries_.back();
  entries_.pop_back();
  publish();
}

Unresolved PendingFaults::oldest() const {
  const std::uint64_t page = oldest_page_.load(std::memory_order_acquire);
  const std::uint64_t since_ns = oldest_ns_.load(std::memory_order_relaxed);
  if (since_ns == 0) return {};
  return {sys::page_floor(page), since_ns, static_cast<Place>(page % sys::page_bytes)};
}

Unresolved PendingFaults::find(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  for (const Unresolved &entry : entries_) {
    if (entry.address == address) return entry;
  }
  return {};
}

std::vector<Unresolved> PendingFaults::since_before(std::uint64_t since_ns, std::size_t max) {
  const std::lock_guard lock(mutex_);
  std::vector<Unresolved> found;
  for (const Unresolved &entry : entries_) {
    if (found.size() == max) break;
    if (entry.since_ns < since_ns) found.push_back(entry);
  }
  return found;
}

void PendingFaults::publish() {
  Unresolved oldest;
  for (const Unresolved &entry : entries_) {
    if (entry.is_older_than(oldest)) oldest = entry;
  }
  count_.store(entries_.size());  // in order with AddressSpace::is_paused_, see there
  oldest_ns_.store(oldest.since_ns, std::memory_order_relaxed);
  const auto place = static_cast<std::uint64_t>(oldest.place);
  oldest_page_.store(oldest.address | place, std::memory_order_release);
}

}  // namespace pagerd::engine
