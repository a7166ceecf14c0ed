#include "client.hpp"
#include "sys/clock.hpp"
#include "sys/process.hpp"

namespace pagerd::test {

namespace {

using engine::Place;
using sys::page_bytes;

sys::FaultWaiters waiters_of(const Client &client) {
  auto waiters = sys::fault_waiters(client.uffd.get());
  EXPECT(waiters.ok());
  return waiters.value();
}

}  // namespace

// Whatever place an unresolved fault is in, somebody who looks is told which, and of the oldest.
CLAIM(stuck_faults_are_told_with_their_place) {
  Bed bed;
  bed.holds_fills = true;
  const PatternImage pattern{.seed = 91, .length_bytes = 8 * page_bytes, .has_zeros = false};
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = page_bytes});
  engine::Engine &engine = bed.engine();
  const auto address_of = [&](std::uint64_t page) { return mapped.address() + page * page_bytes; };
  bed.pump_until([&] { return !engine.is_about(*client.space); });
  EXPECT(engine.oldest_fault(*client.space).place == Place::none);
  EXPECT_EQUAL(waiters_of(client).read + waiters_of(client).unread, 0);

  // Unread: nobody reads while the lock is held.
  Crowd crowd(bed);
  {
    const auto held = client.space->lock();
    crowd.add([&] { EXPECT(mapped.has(pattern, 5)); });
    bed.pump_until([&] { return waiters_of(client).unread == 1; });
    EXPECT_EQUAL(waiters_of(client).read, 0);
    EXPECT(engine.oldest_fault(*client.space).place == Place::none);
  }

  // Waiting for its source, and the older of two.
  bed.pump_until([&] { return client.space->pending.count() == 1; });
  crowd.add([&] { EXPECT(mapped.has(pattern, 2)); });
  bed.pump_until([&] { return client.space->pending.count() == 2; });
  const engine::Unresolved oldest = engine.oldest_fault(*client.space);
  EXPECT(oldest.place == Place::source);
  EXPECT_EQUAL(oldest.address, address_of(5));
  EXPECT(oldest.since_ns <= sys::monotonic_ns());
  EXPECT(engine.is_about(*client.space));
  EXPECT_EQUAL(waiters_of(client).read, 2);

  // In the hand of a thread that does not come back.
  engine::Worker &worker = engine.loops().front()->worker();
  worker.in_hand.enter(client.space->id());
  worker.in_hand.take(address_of(7), oldest.since_ns - 1);
  EXPECT(engine.oldest_fault(*client.space).place == Place::ioctl);
  EXPECT_EQUAL(engine.oldest_fault(*client.space).address, address_of(7));
  worker.in_hand.put_down();
  worker.in_hand.leave();

  bed.holds_fills = false;
  bed.answer_held();
  crowd.join();
  EXPECT(engine.oldest_fault(*client.space).place == Place::none);
  bed.pump_until([&] { return !engine.is_about(*client.space); });
}

}  // namespace pagerd::test
