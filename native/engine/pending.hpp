#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "engine/unresolved.hpp"

namespace pagerd::engine {

// The faults of one address space that were read and have no outcome yet: they wait for bytes or
// for another try. What the kernel has handed out it never hands out again, so this is also the
// list of who would hang if we forgot.
class PendingFaults {
 public:
  // False when that page waits already: one resolution wakes all of its waiters. `place` says who
  // keeps the fault.
  bool add(std::uint64_t address, std::uint64_t since_ns, Place place);

  // Before the attempt to resolve, never after: a fault read in between must not be taken for a
  // duplicate.
  void remove(std::uint64_t address);

  std::size_t count() const { return count_.load(); }
  // Without the lock, so that the control plane may look at any time.
  Unresolved oldest() const;

  Unresolved find(std::uint64_t address);
  // At most `max` of those that wait since before that moment.
  std::vector<Unresolved> since_before(std::uint64_t since_ns, std::size_t max);

 private:
  void publish();

  std::mutex mutex_;
  std::vector<Unresolved> entries_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> oldest_ns_{0};
  // A page's address leaves its low bits free: the place is there.
  std::atomic<std::uint64_t> oldest_page_{0};
};

}  // namespace pagerd::engine
