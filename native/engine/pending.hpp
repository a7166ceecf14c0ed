#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace pagerd::engine {

// The faults of one address space that were read and have no outcome yet: they wait for bytes or
// for another try. What the kernel has handed out it never hands out again, so this is also the
// list of who would hang if we forgot.
class PendingFaults {
 public:
  // False when that page waits already: one resolution wakes all of its waiters.
  bool add(std::uint64_t address, std::uint64_t since_ns);

  // Before the attempt to resolve, never after: a fault read in between must not be taken for a
  // duplicate.
  void remove(std::uint64_t address);

  std::size_t count() const { return count_.load(); }
  // Of the oldest; 0 when there is none.
  std::uint64_t oldest_since_ns() const { return oldest_ns_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    std::uint64_t address;
    std::uint64_t since_ns;
  };

  void publish();

  std::mutex mutex_;
  std::vector<Entry> entries_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> oldest_ns_{0};
};

}  // namespace pagerd::engine
