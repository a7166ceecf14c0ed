#include "claim.hpp"
#include "engine/events.hpp"
#include "engine/limits.hpp"

namespace pagerd::test {

using namespace engine;

// A client can have as many pages poisoned as it likes while the control plane is busy.
CLAIM(notices_nobody_takes_are_dropped) {
  constexpr std::size_t too_many = 7;
  Outbox outbox(limits::outbox_capacity(1), [] {});

  for (std::size_t i = 0; i < limits::notices_max + too_many; ++i) {
    outbox.post_notice({.kind = EventKind::poisoned, .offset_bytes = i});
  }
  outbox.post({.kind = EventKind::mapped});

  EXPECT_EQUAL(outbox.dropped(), too_many);
  Event event;
  for (std::size_t i = 0; i < limits::notices_max; ++i) {
    EXPECT(outbox.take(event));
    EXPECT_EQUAL(event.offset_bytes, i);
  }
  EXPECT(outbox.take(event) && event.kind == EventKind::mapped);
  EXPECT(!outbox.take(event));
}

}  // namespace pagerd::test
