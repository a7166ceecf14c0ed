#include <sys/mman.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t window_pages = 16;
constexpr std::uint64_t streak_pages = limits::streak_window_bytes / page_bytes;

// One touch at a time, so that each record of the fault ring is of a known fault.
class Watched {
 public:
  Watched(Client &client, const Mapped &mapped) : client_(client), mapped_(mapped) {}

  // Touches a page and returns how many were installed with it; 0: there was no fault.
  std::uint64_t pages_of(std::uint64_t number) {
    Bed &bed = client_.bed;
    const std::uint64_t faults = mapped_.region->faults.get();
    Crowd crowd(bed);
    crowd.add([&] { touch(mapped_.page(number)); });
    crowd.join();
    const auto address = reinterpret_cast<std::uint64_t>(mapped_.page(number));
    if (client_.space->tally.kinds[0].get() == faults_) return 0;
    ++faults_;
    std::vector<engine::FaultRecord> records;
    bed.pump_until([&] {
      records = bed.engine().ring().read_after(last_, 16);
      return mapped_.region->faults.get() == faults + 1 && !records.empty();
    });
    EXPECT_EQUAL(records.size(), 1);
    EXPECT_EQUAL(records[0].address, address);
    EXPECT_EQUAL(records[0].image_offset_bytes, (mapped_.first_page + number) * page_bytes);
    EXPECT(records[0].outcome == engine::Outcome::installed);
    last_ = records[0].sequence;
    return records[0].pages;
  }

 private:
  Client &client_;
  const Mapped &mapped_;
  std::uint64_t last_ = 0;
  std::uint64_t faults_ = 0;
};

// Twice as far each time, up to 256 KiB; a jump begins anew.
void check_streaks(const PatternImage &pattern) {
  Bed bed;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern));
  Watched watched(client, mapped);
  const std::uint64_t grown[] = {window_pages, 2 * window_pages, streak_pages, streak_pages};
  std::uint64_t next = 2 * streak_pages;
  for (const std::uint64_t pages : grown) {
    const std::uint64_t installed = watched.pages_of(next);
    // A window ends at a multiple of itself, so that clients ask for the same ranges.
    EXPECT_EQUAL((next + installed) % pages, 0);
    EXPECT(installed <= pages && installed >= pages / 2);
    next += installed;
  }
  EXPECT_EQUAL(watched.pages_of(1024 + 3), window_pages);
  EXPECT_EQUAL(watched.pages_of(1024 + 2), 0);
  EXPECT_EQUAL(watched.pages_of(1024 + 15), 0);
  EXPECT_EQUAL(watched.pages_of(1024 + 16), 16);
}

void check_explicit_windows(const PatternImage &pattern) {
  for (const std::uint64_t window : {1u, 8u, 16u, 128u, 512u}) {
    Bed bed;
    Client client(bed);
    const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = window * page_bytes});
    Watched watched(client, mapped);
    for (std::uint64_t next = 0; next < 6 * window && next < mapped.pages(); next += window) {
      EXPECT_EQUAL(watched.pages_of(next), window);
    }
  }
}

// At the region's ends, which lie anywhere in the image's windows.
void check_region_borders(const PatternImage &pattern) {
  Bed bed;
  Client client(bed);
  const Mapped mapped = client.map(
      bed.add(pattern), {.offset_bytes = 21 * page_bytes, .length_bytes = 30 * page_bytes,
                         .window_bytes = window_pages * page_bytes});
  Watched watched(client, mapped);
  EXPECT_EQUAL(watched.pages_of(3), 32 - 21);
  EXPECT_EQUAL(watched.pages_of(29), 51 - 48);
  EXPECT_EQUAL(watched.pages_of(20), 16);
}

// Zero pages are installed as such and bytes as bytes, each up to the other's border.
void check_zero_runs() {
  Bed bed;
  const PatternImage pattern{.seed = 2, .length_bytes = 1024 * page_bytes};
  const Image image = bed.add(pattern);
  Client client(bed);
  const Mapped loaded = client.map(image);
  bed.await(EventKind::prefaulted, client.prefault(loaded, 0, loaded.pages()));
  Client other(bed);
  const Mapped mapped = other.map(image, {.window_bytes = 2 << 20});
  Watched watched(other, mapped);
  for (std::uint64_t number = 0; number < mapped.pages();) {
    std::uint64_t end = number + 1;
    while (end < mapped.pages() && end % 512 != 0 &&
           pattern.is_zero(end) == pattern.is_zero(number)) {
      ++end;
    }
    EXPECT_EQUAL(watched.pages_of(number), end - number);
    number = end;
  }
  bed.pump_until([&] {
    return other.space->tally.pages_zeroed.get() + other.space->tally.pages_copied.get() ==
           pattern.pages();
  });
  std::uint64_t zeros = 0;
  for (std::uint64_t number = 0; number < pattern.pages(); ++number) {
    if (pattern.is_zero(number)) ++zeros;
  }
  EXPECT_EQUAL(other.space->tally.pages_zeroed.get(), zeros);
  EXPECT_EQUAL(image->image().zero_pages(), zeros);
  EXPECT_EQUAL(image->image().resident_pages(), pattern.pages() - zeros);
}

// Where the client has split its memory into several mappings: no install reaches from one into the
// next, and the page alone is what is left.
void check_split_mapping(const PatternImage &pattern) {
  Bed bed;
  Client client(bed);
  const Mapped mapped =
      client.map(bed.add(pattern), {.window_bytes = window_pages * page_bytes});
  EXPECT(::madvise(mapped.page(20), 4 * page_bytes, MADV_DONTDUMP) == 0);
  Watched watched(client, mapped);
  EXPECT_EQUAL(watched.pages_of(19), 1);
  EXPECT_EQUAL(watched.pages_of(22), 1);
  EXPECT_EQUAL(watched.pages_of(24), 1);
  EXPECT_EQUAL(watched.pages_of(3), window_pages);
  for (const std::uint64_t number : {3u, 19u, 22u, 24u}) EXPECT(mapped.has(pattern, number));
}

}  // namespace

CLAIM(windows_end_at_borders) {
  const PatternImage pattern{.seed = 1, .length_bytes = 2048 * page_bytes, .has_zeros = false};
  check_streaks(pattern);
  check_explicit_windows(pattern);
  check_region_borders(pattern);
  check_zero_runs();
  check_split_mapping(pattern);
}

}  // namespace pagerd::test
