// Invariant 1.
#include "client.hpp"
#include "sys/clock.hpp"
#include "sys/process.hpp"
#include "sys/uffd.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr PatternImage pattern{.seed = 92, .length_bytes = 8 * page_bytes, .has_zeros = false};

sys::FaultWaiters waiters_of(const Client &client) {
  auto waiters = sys::fault_waiters(client.uffd.get());
  EXPECT(waiters.ok());
  return waiters.value();
}

bool is_readable_once(const Client &client) {
  uffd_msg message;
  const auto held = client.space->lock();
  auto got = sys::uffd_read(client.uffd.get(), std::span(&message, 1));
  EXPECT(got.ok());
  return got.value() == 1;
}

// Somebody has read the fault and dropped it: the kernel says that a thread waits, and nothing of
// ours knows why.
void check_a_fault_that_was_dropped() {
  Bed bed;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = page_bytes});
  Crowd crowd(bed);
  {
    const auto held = client.space->lock();
    crowd.add([&] { EXPECT(mapped.has(pattern, 3)); });
    bed.pump_until([&] { return waiters_of(client).unread == 1; });
    uffd_msg message;
    auto got = sys::uffd_read(client.uffd.get(), std::span(&message, 1));
    EXPECT(got.ok() && got.value() == 1);
  }
  bed.pump_until([&] { return !bed.engine().is_about(*client.space); });
  EXPECT_EQUAL(waiters_of(client).read, 1);
  EXPECT(!client.space->strays.any());
  EXPECT(!crowd.is_done());

  // A thread that is reading at that moment is not waited for: whoever asks asks again.
  bed.pump_until([&] { return bed.engine().wake(client.space, 0) && crowd.is_done(); });
  crowd.join();
  EXPECT_EQUAL(waiters_of(client).read, 0);
}

// Listed as pending, so that its thread's next faults are duplicates; but nobody keeps it.
void check_a_fault_that_is_listed_only() {
  Bed bed;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = page_bytes});
  const std::uint64_t address = mapped.address() + 3 * page_bytes;
  EXPECT(client.space->pending.add(address, sys::monotonic_ns(), engine::Place::source));
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(mapped.has(pattern, 3)); });
  bed.pump_until([&] { return waiters_of(client).read == 1; });
  EXPECT(!crowd.is_done());

  EXPECT(bed.engine().wake(client.space, address));
  crowd.join();
  const Event forgotten = bed.await(EventKind::forgotten);
  EXPECT_EQUAL(forgotten.space, client.space->id());
  EXPECT_EQUAL(forgotten.address, address);
  EXPECT_EQUAL(client.space->pending.count(), 0);
}

// Waking one that is kept changes nothing: it is a duplicate, and is served when its bytes come.
void check_a_fault_that_is_kept() {
  Bed bed;
  bed.holds_fills = true;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = page_bytes});
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(mapped.has(pattern, 3)); });
  bed.pump_until([&] { return bed.held.size() == 1; });
  for (std::uint64_t faults = 2; faults < 5; ++faults) {
    EXPECT(bed.engine().wake(client.space, mapped.address() + 3 * page_bytes));
    bed.pump_until([&] { return client.space->tally.kinds[0].get() == faults; });
  }
  EXPECT_EQUAL(bed.held.size(), 1);
  EXPECT_EQUAL(client.space->pending.count(), 1);
  EXPECT(!bed.has(EventKind::forgotten));
  EXPECT(!is_readable_once(client) && !crowd.is_done());
  bed.answer_held();
  crowd.join();
}

}  // namespace

CLAIM(forgotten_faults_are_woken) {
  check_a_fault_that_was_dropped();
  check_a_fault_that_is_listed_only();
  check_a_fault_that_is_kept();
}

}  // namespace pagerd::test
