#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 24576;
constexpr std::uint64_t faults = 200;
constexpr std::uint64_t stride = 32;
constexpr PatternImage pattern{.seed = 71, .length_bytes = pages * page_bytes, .has_zeros = false};

}  // namespace

// Pages of a client with layout events are installed under its space's lock, which whoever does
// bulk work would have all the time.
CLAIM(demand_goes_between_slices_of_bulk) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file);
  const std::uint32_t load = bed.next_request();
  EXPECT(bed.engine().load(image, load));
  EXPECT_TEXT(bed.await(EventKind::loaded, load).text, "");
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});

  std::uint64_t installed = 0;
  const std::uint32_t request = client.prefault(mapped, 0, pages);
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::uint64_t fault = 0; fault < faults; ++fault) {
      EXPECT(mapped.has(pattern, pages - 1 - fault * stride));
    }
    installed = mapped.region->resident_pages.get();
  });
  crowd.join();

  // Far from where bulk is by then: it has had a slice or two for each of these faults.
  EXPECT(installed < pages / 2);
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "");
  EXPECT(mapped.has_all(pattern));
}

}  // namespace pagerd::test
