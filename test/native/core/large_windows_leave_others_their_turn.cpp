#include <sys/mman.h>

#include <atomic>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t window_bytes = limits::window_bytes_max;
constexpr std::uint64_t window_pages = window_bytes / page_bytes;
constexpr std::uint64_t windows = 16;
constexpr std::uint64_t others_pages = 4096;

void drop(const Mapped &mapped) {
  EXPECT(::madvise(mapped.start, mapped.length_bytes, MADV_DONTNEED) == 0);
}

}  // namespace

// While another client faults too, large windows are installed in slices. Each is whole all the
// same when its fault is over, wherever the faulting page lies in it.
CLAIM(large_windows_leave_others_their_turn) {
  engine::Options options = small_options();
  options.fault_threads = 1;
  Bed bed(options);
  const std::uint64_t bytes = windows * window_bytes;
  const PatternFile file({.seed = 8, .length_bytes = bytes, .has_zeros = false});
  const Image image = bed.add(file);
  Client large(bed);
  const Mapped mapped = large.map(image, {.window_bytes = window_bytes});
  Client other(bed);
  const Mapped others = other.map(image, {.window_bytes = page_bytes});
  EXPECT(mapped.has_all(file.image()));
  drop(mapped);
  const std::uint64_t resident = mapped.region->resident_pages.get();

  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> touched{0};
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::uint64_t page = 0; !is_over.load(); page = (page + 1) % others_pages) {
      EXPECT(others.has(file.image(), page));
      if (page + 1 == others_pages) drop(others);
      touched.fetch_add(1);
    }
  });
  crowd.add([&] {
    while (touched.load() == 0) std::this_thread::yield();
    for (std::uint64_t window = 0; window < windows; ++window) {
      const std::uint64_t page = window * window_pages + window * window_pages / windows;
      EXPECT(mapped.has(file.image(), page));
    }
    is_over.store(true);
  });
  crowd.join();

  EXPECT_EQUAL(mapped.region->resident_pages.get() - resident, windows * window_pages);
  EXPECT(mapped.has_all(file.image()));
}

}  // namespace pagerd::test
