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

struct Owner;

// Where one thread is at this moment, for others to see should it never come back from the kernel:
// in whose space, and with which fault. Written by that thread alone, without a barrier, so that a
// fault costs nothing more; what is read may be of two faults, and is for people, and for what
// checks again.
class InHand {
 public:
  // Does what may take as long as the client of that space likes. `owner`: null in tests.
  void visit(std::uint64_t space, Owner *owner) {
    inside_.store(space, std::memory_order_relaxed);
    owner_.store(owner, std::memory_order_relaxed);
    move();
  }
  // The same, reading faults of the space, or looking one of its up.
  void enter(std::uint64_t space, Owner *owner = nullptr) {
    space_.store(space, std::memory_order_relaxed);
    visit(space, owner);
  }
  void leave() {
    space_.store(0, std::memory_order_relaxed);
    visit(0, nullptr);
  }

  void take(std::uint64_t address, std::uint64_t since_ns) {
    address_.store(address, std::memory_order_relaxed);
    since_ns_.store(since_ns, std::memory_order_relaxed);
    move();
  }
  void put_down() { since_ns_.store(0, std::memory_order_relaxed); }

  // Of whose faults it is about; 0: of none.
  std::uint64_t space() const { return space_.load(std::memory_order_relaxed); }
  Unresolved fault() const {
    const std::uint64_t since_ns = since_ns_.load(std::memory_order_relaxed);
    if (since_ns == 0) return {};
    return {address_.load(std::memory_order_relaxed), since_ns, Place::ioctl};
  }

  // The same at two moments: it was at the same thing all the while.
  struct Whereabouts {
    std::uint64_t moves = 0;
    std::uint64_t space = 0;  // 0: at nobody's mercy
    Owner *owner = nullptr;

    bool operator==(const Whereabouts &) const = default;
  };
  Whereabouts whereabouts() const {
    return {moves_.load(std::memory_order_acquire), inside_.load(std::memory_order_relaxed),
            owner_.load(std::memory_order_relaxed)};
  }

 private:
  void move() {
    moves_.store(moves_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::atomic<std::uint64_t> space_{0};
  std::atomic<std::uint64_t> inside_{0};
  std::atomic<Owner *> owner_{nullptr};
  std::atomic<std::uint64_t> moves_{0};
  std::atomic<std::uint64_t> address_{0};
  std::atomic<std::uint64_t> since_ns_{0};
};

}  // namespace pagerd::engine
