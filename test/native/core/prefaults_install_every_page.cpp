#include <sys/mman.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 700;
constexpr PatternImage pattern{.seed = 41, .length_bytes = pages * page_bytes - 100};

std::uint64_t faults_of(const Client &client) { return client.space->tally.kinds[0].get(); }

// Prefaults [first, first + count) and finds it there without another fault.
void check_range(Client &client, const Mapped &mapped, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t installed = mapped.region->resident_pages.get();
  const std::uint64_t faults = faults_of(client);
  const Event event =
      client.bed.await(EventKind::prefaulted, client.prefault(mapped, first, count));
  EXPECT_TEXT(event.text, "");
  EXPECT_EQUAL(mapped.region->resident_pages.get() - installed, event.pages);
  for (std::uint64_t number = first; number < first + count; ++number) {
    EXPECT(mapped.has(pattern, number));
  }
  EXPECT_EQUAL(faults_of(client), faults);
}

void check_whole_and_parts(Bed &bed, const Image &image) {
  Client client(bed);
  const Mapped whole = client.map(image);
  check_range(client, whole, 0, pages);
  EXPECT_EQUAL(whole.region->resident_pages.get(), pages);
  // Everything is there already: nothing is installed, and that is no failure.
  check_range(client, whole, 0, pages);
  EXPECT_EQUAL(whole.region->resident_pages.get(), pages);

  const Mapped part = client.map(image, {.offset_bytes = 13 * page_bytes});
  check_range(client, part, 1, 1);
  check_range(client, part, 63, 130);
  check_range(client, part, 0, part.pages());
}

void check_partly_present(Bed &bed, const PatternFile &file) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = 4096});
  for (std::uint64_t number = 3; number < pages; number += 7) EXPECT(mapped.has(pattern, number));
  // A thread goes on before its fault is counted.
  bed.pump_until([&] { return mapped.region->resident_pages.get() == pages / 7; });
  check_range(client, mapped, 0, pages);
  EXPECT_EQUAL(mapped.region->resident_pages.get(), pages);
}

// A range that the client split into several mappings is still registered, every page of it.
void check_split_mapping(Bed &bed, const PatternFile &file) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(file));
  for (const std::uint64_t number : {5u, 6u, 64u, 100u, 699u}) {
    EXPECT(::madvise(mapped.page(number), page_bytes, MADV_DONTDUMP) == 0);
  }
  check_range(client, mapped, 0, pages);

  // What is not mapped at all ends it, with the pages before that in place.
  const Mapped torn = client.map(bed.add(file));
  EXPECT(::munmap(torn.page(300), page_bytes) == 0);
  const Event event = bed.await(EventKind::prefaulted, client.prefault(torn, 0, pages));
  EXPECT_TEXT(event.text, "not mapped");
  EXPECT_EQUAL(event.pages, 300);
}

// A slow source is asked for several slices ahead, and may answer in any order.
void check_slices_ahead(Bed &bed) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern));
  bed.holds_fills = true;
  const std::uint32_t request = client.prefault(mapped, 0, pages);
  bed.pump_until([&] { return bed.held.size() >= 5; });
  bed.holds_fills = false;
  std::reverse(bed.held.begin(), bed.held.end());
  for (const Fill &fill : bed.held) EXPECT(fill->end - fill->first <= 64);
  bed.answer_held();
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "");
  check_range(client, mapped, 0, pages);
}

void check_too_many(Bed &bed) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern));
  bed.holds_fills = true;
  for (std::size_t i = 0; i < limits::prefaults_max; ++i) client.prefault(mapped, i % pages, 1);
  const Event refused = bed.await(EventKind::prefaulted, client.prefault(mapped, 0, pages));
  EXPECT_TEXT(refused.text, "too many prefaults");
  bed.holds_fills = false;
  bed.answer_held();
  for (std::size_t i = 0; i < limits::prefaults_max; ++i) {
    EXPECT_TEXT(bed.await(EventKind::prefaulted).text, "");
  }
  // Their places are free again.
  check_range(client, mapped, 0, pages);
}

}  // namespace

CLAIM(prefaults_install_every_page) {
  Bed bed;
  const PatternFile file(pattern);
  const Image cold = bed.add(file);
  check_whole_and_parts(bed, cold);
  const Image &resident = cold;
  check_whole_and_parts(bed, resident);
  check_whole_and_parts(bed, bed.add(pattern));
  check_partly_present(bed, file);
  check_slices_ahead(bed);
  check_too_many(bed);
  check_split_mapping(bed, file);
}

}  // namespace pagerd::test
