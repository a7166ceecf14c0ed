#include <linux/userfaultfd.h>

#include "client.hpp"
#include "sys/clock.hpp"

namespace pagerd::test {

namespace {

std::uint64_t wakeups(Bed &bed) {
  std::uint64_t sum = 0;
  for (const auto &loop : bed.engine().loops()) sum += loop->wakeups.get();
  return sum;
}

}  // namespace

// Where the layout can change, a space's lock is held while pages are installed, and its holder may
// be kept for long. A fault that comes meanwhile is seen by every fault thread again and again:
// between two looks they sleep.
CLAIM(locked_spaces_are_waited_for_at_rest) {
  Bed bed;
  Client client(bed, UFFD_FEATURE_EVENT_REMOVE);
  const PatternImage pattern{.seed = 21, .length_bytes = 64 * sys::page_bytes};
  const Mapped mapped = client.map(bed.add(pattern));
  constexpr std::uint64_t looks = 1000;

  Crowd crowd(bed);
  {
    const auto held = client.space->lock();
    crowd.add([&] { EXPECT(mapped.has(pattern, 5)); });
    const std::uint64_t start_ns = sys::monotonic_ns();
    const std::uint64_t before = wakeups(bed);
    bed.pump_until([&] { return wakeups(bed) >= before + looks; });
    // Some are looks at something else, or come before they sleep: half is left to them.
    const std::uint64_t sleeps = looks / 2 / bed.engine().loops().size();
    EXPECT(sys::monotonic_ns() - start_ns >= sleeps * limits::lock_pause_ns);
  }
  crowd.join();
}

}  // namespace pagerd::test
