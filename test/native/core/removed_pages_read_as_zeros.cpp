// Invariant 6.
#include <sys/mman.h>

#include <cstring>
#include <random>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

void remove_pages(const Mapped &mapped, std::uint64_t first, std::uint64_t count) {
  EXPECT(::madvise(mapped.page(first), count * page_bytes, MADV_DONTNEED) == 0);
}

bool is_zero(const Mapped &mapped, std::uint64_t number) {
  static const Page zeros{};
  return std::equal(zeros.begin(), zeros.end(), mapped.page(number));
}

void check_neighbours(Bed &bed, const PatternImage &pattern, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  // An offset, so that pages of the region and of the image have different numbers.
  const Mapped mapped = client.map(image, {.offset_bytes = 3 * page_bytes});
  Crowd crowd(bed);
  crowd.add([&] {
    // Before anything was touched, and after.
    remove_pages(mapped, 20, 1);
    EXPECT(is_zero(mapped, 20));
    EXPECT(mapped.has(pattern, 19) && mapped.has(pattern, 21));
    remove_pages(mapped, 18, 2);
    remove_pages(mapped, 63, 66);
    for (std::uint64_t number = 0; number < mapped.pages(); ++number) {
      const bool is_removed = (number >= 18 && number < 21) || (number >= 63 && number < 129);
      EXPECT(is_removed ? is_zero(mapped, number) : mapped.has(pattern, number));
    }
  });
  crowd.join();
}

// A prefault is for the image's pages: what was removed before it, or is meanwhile, stays zero.
void check_prefault(Bed &bed, const PatternImage &pattern, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image);
  remove_pages(mapped, 3, 5);
  const std::uint32_t request = client.prefault(mapped, 0, mapped.pages());
  remove_pages(mapped, 100, 70);
  const Event event = bed.await(EventKind::prefaulted, request);
  EXPECT_TEXT(event.text, "");
  EXPECT(event.pages <= mapped.pages() - 5);
  for (std::uint64_t number = 0; number < mapped.pages(); ++number) {
    const bool is_removed = (number >= 3 && number < 8) || (number >= 100 && number < 170);
    EXPECT(is_removed ? is_zero(mapped, number) : mapped.has(pattern, number));
  }
}

// How far one page has come: a removal may have begun, and it may have returned.
struct Removal {
  std::atomic<bool> has_begun{false};
  std::atomic<bool> is_over{false};
};

// Word by word, for a page can go while it is read: the image's before, zeros after.
void check_page(const Mapped &mapped, const PatternImage &pattern, std::uint64_t number,
                const Removal &removal) {
  const bool was_removed = removal.is_over.load();
  const Page wanted = pattern.page(mapped.first_page + number);
  for (std::size_t at = 0; at < page_bytes; at += sizeof(std::uint64_t)) {
    std::uint64_t seen = 0;
    std::memcpy(&seen, mapped.page(number) + at, sizeof seen);
    const bool is_image = std::memcmp(&seen, &wanted[at], sizeof seen) == 0;
    EXPECT(was_removed ? seen == 0 : is_image || (seen == 0 && removal.has_begun.load()));
  }
}

// One thread removes page after page while others read; nobody hangs.
void check_race(Bed &bed, const PatternImage &pattern, const Image &image) {
  constexpr unsigned readers = 3;
  constexpr unsigned removals = 200;
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image, {.window_bytes = 16 * 1024});
  std::vector<Removal> removed(mapped.pages());
  std::atomic<bool> is_over{false};
  Crowd crowd(bed);
  crowd.add([&] {
    std::mt19937 random(1);
    for (unsigned i = 0; i < removals; ++i) {
      const std::uint64_t first = random() % mapped.pages();
      const std::uint64_t end = std::min(first + 1 + random() % 24, mapped.pages());
      for (std::uint64_t at = first; at < end; ++at) removed[at].has_begun.store(true);
      remove_pages(mapped, first, end - first);
      for (std::uint64_t at = first; at < end; ++at) removed[at].is_over.store(true);
    }
    is_over.store(true);
  });
  for (unsigned reader = 0; reader < readers; ++reader) {
    crowd.add([&, reader] {
      std::mt19937 random(100 + reader);
      while (!is_over.load()) {
        const std::uint64_t at = random() % mapped.pages();
        check_page(mapped, pattern, at, removed[at]);
      }
    });
  }
  crowd.join();
}

// One page at a time, removed at the moment its fault is served.
void check_duels(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});
  std::atomic<std::uint64_t> turn{0};
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::uint64_t page = 0; page < mapped.pages(); ++page) {
      turn.store(page + 1);
      touch(mapped.page(page));
    }
  });
  crowd.add([&] {
    for (std::uint64_t page = 0; page < mapped.pages(); ++page) {
      while (turn.load() <= page) std::this_thread::yield();
      for (std::uint64_t pause = page % 64; pause > 0; --pause) turn.load();
      remove_pages(mapped, page, 1);
      EXPECT(is_zero(mapped, page));
    }
  });
  crowd.join();
}

}  // namespace

CLAIM(removed_pages_read_as_zeros) {
  Bed bed;
  const PatternImage pattern{.seed = 11, .length_bytes = 256 * page_bytes, .has_zeros = false};
  const PatternFile file(pattern);
  check_neighbours(bed, pattern, bed.add(file));
  check_neighbours(bed, pattern, bed.add(pattern));
  for (unsigned round = 0; round < 10; ++round) check_prefault(bed, pattern, bed.add(file));
  for (unsigned round = 0; round < 20; ++round) check_race(bed, pattern, bed.add(file));
  const Image resident = bed.add(file);
  for (unsigned round = 0; round < 20; ++round) check_duels(bed, resident);
}

}  // namespace pagerd::test
