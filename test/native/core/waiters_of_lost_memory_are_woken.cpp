// Invariant 1.
#include <sys/mman.h>

#include "client.hpp"

namespace pagerd::test {

using sys::page_bytes;

// A client that takes memory away under its own waiting thread, without a word: nothing can be
// installed there any more, so the thread has to fault again and see what is there now.
CLAIM(waiters_of_lost_memory_are_woken) {
  Bed bed;
  const PatternImage pattern{.seed = 96, .length_bytes = 8 * page_bytes, .has_zeros = false};
  const Image image = bed.add(pattern);
  Client client(bed);
  for (const bool is_answered : {true, false}) {
    const Mapped mapped = client.map(image, {.window_bytes = page_bytes});
    const std::uint64_t page = is_answered ? 1 : 2;
    bed.holds_fills = true;
    Crowd crowd(bed);
    crowd.add([&] { EXPECT_EQUAL(static_cast<unsigned>(touch(mapped.page(page))), 0); });
    bed.pump_until([&] { return bed.held.size() == 1; });

    EXPECT(::mmap(mapped.start, mapped.length_bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mapped.start);
    // Bytes cannot be installed there, and neither can poison.
    if (!is_answered) bed.source_failure = "the store answers 503";
    bed.answer_held();
    crowd.join();
    EXPECT_EQUAL(client.space->pending.count(), 0);
  }
}

}  // namespace pagerd::test
