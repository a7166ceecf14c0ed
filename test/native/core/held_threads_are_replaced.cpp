// Invariant 10.
#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 8;
constexpr PatternImage pattern{
    .seed = 57, .length_bytes = pages * page_bytes, .has_zeros = false};

std::size_t waiting_in(const Client &client) { return client.space->pending.count(); }

// The test has the space's lock, as a thread has it that does not come back from the kernel. Who
// settles the page that both wait for comes to that space first.
void check_fillers() {
  Bed bed;
  Client held(bed);
  Client other(bed);
  const Image image = bed.add(pattern);
  const Mapped its = held.map(image, {.window_bytes = page_bytes});
  const Mapped others = other.map(image, {.window_bytes = page_bytes});
  bed.holds_fills = true;
  Crowd its_threads(bed);
  its_threads.add([&] { EXPECT(its.has(pattern, 3)); });
  bed.pump_until([&] { return waiting_in(held) == 1; });
  Crowd others_threads(bed);
  others_threads.add([&] { EXPECT(others.has(pattern, 3)); });
  bed.pump_until([&] { return waiting_in(other) == 1 && !bed.held.empty(); });

  auto lock = held.space->lock();
  bed.answer_held();
  bed.holds_fills = false;
  others_threads.join();
  bed.pump_until([&] { return bed.engine().threads_held() == 1; });
  EXPECT(held.space->is_stalled() && !other.space->is_stalled());
  EXPECT(!its_threads.is_done());

  // What is asked for it waits, in its order; nobody else is held up by it.
  engine::Engine &engine = bed.engine();
  const std::uint32_t end = bed.next_request();
  const std::uint32_t again = bed.next_request();
  EXPECT(engine.unmap(held.space, its.region->id(), end));
  EXPECT(engine.unmap(held.space, its.region->id(), again));
  const Mapped second = other.map(image, {.window_bytes = page_bytes});
  Crowd later(bed);
  later.add([&] { EXPECT(second.has_all(pattern)); });
  later.join();
  EXPECT(!bed.has(EventKind::unmapped) && !bed.has(EventKind::refused));
  EXPECT_EQUAL(engine.threads_held(), 1);

  lock.unlock();
  its_threads.join();
  EXPECT_EQUAL(bed.await(EventKind::unmapped).request, end);
  EXPECT_EQUAL(bed.await(EventKind::refused).request, again);
  bed.pump_until([&] { return engine.threads_held() == 0; });
  EXPECT(!held.space->is_stalled());
}

}  // namespace

CLAIM(held_threads_are_replaced) { check_fillers(); }

}  // namespace pagerd::test
