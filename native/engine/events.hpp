#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/bounded_queue.hpp"

namespace pagerd::engine {

struct FillJob;
class AddressSpace;
class RegionLife;

// A forked child's space, as it was when it was forked.
struct ForkedChild {
  std::shared_ptr<AddressSpace> space;
  int descriptor;  // the number of its userfaultfd, which is the space's
  std::vector<std::shared_ptr<RegionLife>> regions;
};

enum class EventKind : std::uint8_t {
  none,
  fill,
  raised,
  mapped,
  refused,
  unmapped,
  discard_chosen,
  unregistered,
  prefaulted,
  loaded,
  poisoned,
  misbehaved,
  forgotten,
  starved,
  forked,
  unserved_child,
  layout_changed,
  gone,
  detached,
};

// What the engine tells the control plane. One struct for all kinds; the binding knows which fields
// each has.
struct Event {
  EventKind kind = EventKind::none;
  std::uint64_t space = 0;
  std::uint32_t request = 0;
  std::uint32_t region = 0;
  std::uint32_t image = 0;
  std::uint64_t offset_bytes = 0;
  std::uint64_t address = 0;
  std::uint64_t pages = 0;
  std::shared_ptr<FillJob> fill;
  std::shared_ptr<ForkedChild> forked;
  bool is_of_child = false;  // detached
  std::string code;
  std::string text;
};

// From every thread of the engine to the control plane, bounded. What has to arrive is limited in
// number where it arises (limits.hpp), so there is always room for it; notices, which are not, are
// dropped and counted when it gets tight.
class Outbox {
 public:
  // `wake` is called from any thread, once until rearm() is called again.
  Outbox(std::size_t capacity, std::function<void()> wake);

  void post(Event event);
  void post_notice(Event event);
  // Makes the control plane look for events.
  void wake();

  // The control plane's thread only.
  bool take(Event &event);
  void rearm() { is_wake_sent_.store(false); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  BoundedQueue<Event> events_;
  std::function<void()> wake_;
  std::atomic<bool> is_wake_sent_{false};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace pagerd::engine
