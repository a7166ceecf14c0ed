// Invariant 6.
#include <sys/mman.h>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

using sys::page_bytes;

// A thread waits for bytes; its page is discarded; the bytes cannot be had. The page reads as zeros
// all the same: those are nobody's to fail at.
CLAIM(discarded_pages_need_no_bytes) {
  Bed bed;
  const PatternImage pattern{.seed = 97, .length_bytes = 4 * page_bytes, .has_zeros = false};
  const Image image = bed.add(pattern);
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image, {.window_bytes = page_bytes});
  bed.holds_fills = true;
  Crowd crowd(bed);
  crowd.add([&] {
    const auto seen = touch_or_bus_error(mapped.page(1));
    EXPECT(seen.has_value());
    EXPECT_EQUAL(static_cast<unsigned>(*seen), 0);
  });
  bed.pump_until([&] { return bed.held.size() == 1; });
  EXPECT(::madvise(mapped.page(1), page_bytes, MADV_DONTNEED) == 0);

  bed.source_failure = "the store answers 503";
  bed.answer_held();
  crowd.join();
  EXPECT(!bed.has(EventKind::poisoned));
}

}  // namespace pagerd::test
