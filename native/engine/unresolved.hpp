#pragma once

#include <atomic>
#include <cstdint>

namespace pagerd::engine {

// Where a fault is that was read and has no outcome yet.
enum class Place : std::uint8_t {
  none,      // there is no such fault
  source,    // among an image's waiters: its bytes are on their way
  deferred,  // in the heap of those that are tried again
  ioctl,     // in a thread's hand, or among those whose windows it installs in slices
};

struct Unresolved {
  std::uint64_t address = 0;  // of its page
  std::uint64_t since_ns = 0;
  Place place = Place::none;

  bool is_older_than(const Unresolved &other) const {
    return place != Place::none && (other.place == Place::none || since_ns < other.since_ns);
  }
};

// The fault that one thread is serving at this moment, for others to see should it never come back
// from the kernel. Written by that thread with relaxed stores only, so that a fault costs nothing
// more; what is read may be of two faults, and is for people, and for what checks again.
class InHand {
 public:
  // Reads faults of the space, or looks one of its up.
  void enter(std::uint64_t space) { space_.store(space, std::memory_order_relaxed); }
  void leave() { space_.store(0, std::memory_order_relaxed); }

  void take(std::uint64_t address, std::uint64_t since_ns) {
    address_.store(address, std::memory_order_relaxed);
    since_ns_.store(since_ns, std::memory_order_relaxed);
  }
  void put_down() { since_ns_.store(0, std::memory_order_relaxed); }

  // 0: of none.
  std::uint64_t space() const { return space_.load(std::memory_order_relaxed); }
  Unresolved fault() const {
    const std::uint64_t since_ns = since_ns_.load(std::memory_order_relaxed);
    if (since_ns == 0) return {};
    return {address_.load(std::memory_order_relaxed), since_ns, Place::ioctl};
  }

 private:
  std::atomic<std::uint64_t> space_{0};
  std::atomic<std::uint64_t> address_{0};
  std::atomic<std::uint64_t> since_ns_{0};
};

}  // namespace pagerd::engine
