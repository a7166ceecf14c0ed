#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 512;
constexpr PatternImage pattern{
    .seed = 77, .length_bytes = pages *page_bytes, .has_zeros = false};

// Every page is touched by several threads, in windows of 64 KiB that hold one bad page or two.
void check_faults(engine::Backing backing) {
  Bed bed;
  bed.bad_pages = {5, 37, 38};
  Client client(bed);
  const Image image = bed.add(pattern);
  const Mapped mapped = client.map(image, {.window_bytes = 65536, .backing = backing});
  Crowd crowd(bed);
  for (std::uint64_t toucher = 0; toucher < 4; ++toucher) {
    crowd.add([&, toucher] {
      for (std::uint64_t i = 0; i < 64; ++i) {
        const std::uint64_t number = (i + toucher * 11) % 64;
        const bool is_bad = bed.bad_pages.contains(number);
        EXPECT(touch_or_bus_error(mapped.page(number)).has_value() == !is_bad);
        EXPECT(is_bad || mapped.has(pattern, number));
      }
    });
  }
  crowd.join();
  for (std::size_t i = 0; i < bed.bad_pages.size(); ++i) {
    const Event event = bed.await(EventKind::poisoned);
    EXPECT(bed.bad_pages.contains(event.offset_bytes / page_bytes));
  }
  EXPECT(!bed.has(EventKind::poisoned));
}

// A thread that blocks on a page within a prefault's slice, while that is fetched.
void check_raised_fault() {
  Bed bed;
  bed.bad_pages = {20};
  bed.holds_fills = true;
  Client client(bed);
  const Image image = bed.add(pattern);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});
  const std::uint32_t request = client.prefault(mapped, 0, 64);
  bed.pump_until([&] { return !bed.held.empty(); });
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(mapped.has(pattern, 21)); });
  bed.pump_until([&] { return client.space->pending.count() > 0; });
  bed.holds_fills = false;
  bed.answer_held();
  crowd.join();
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "page 20 is bad");
  EXPECT(!bed.has(EventKind::poisoned));
}

void check_prefault() {
  Bed bed;
  bed.bad_pages = {5, 130, 131};
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern));

  const Event event = bed.await(EventKind::prefaulted, client.prefault(mapped, 0, pages));

  EXPECT_TEXT(event.text, "3 pages could not be had: page 5 is bad; 509 were installed");
  EXPECT_EQUAL(event.pages, pages - 3);
  const std::uint64_t faults = client.space->tally.kinds[0].get();
  for (std::uint64_t number = 0; number < pages; ++number) {
    EXPECT(bed.bad_pages.contains(number) || mapped.has(pattern, number));
  }
  EXPECT_EQUAL(client.space->tally.kinds[0].get(), faults);
  // Nothing was poisoned for a wish, and what has come back since is had.
  EXPECT(!bed.has(EventKind::poisoned));
  bed.bad_pages = {131};
  const Event again = bed.await(EventKind::prefaulted, client.prefault(mapped, 0, pages));
  EXPECT_TEXT(again.text, "1 page could not be had: page 131 is bad; 2 were installed");
}

// Where nothing can be had, the rest is given up before every page was tried.
void check_hopeless_prefault() {
  const PatternImage huge{
      .seed = 78, .length_bytes = 4 * limits::prefault_failures_max * page_bytes};
  Bed bed;
  bed.source_failure = "the store is gone";
  Client client(bed);
  const Mapped mapped = client.map(bed.add(huge));

  const std::uint32_t request = client.prefault(mapped, 0, mapped.pages());
  const Event event = bed.await(EventKind::prefaulted, request);

  EXPECT_TEXT(event.text, "4096 pages could not be had: the store is gone");
  EXPECT_TEXT(event.text, "it was given up then");
}

}  // namespace

CLAIM(a_bad_page_fails_alone) {
  check_faults(engine::Backing::anonymous);
  check_faults(engine::Backing::image_private);
  check_raised_fault();
  check_prefault();
  check_hopeless_prefault();
}

}  // namespace pagerd::test
