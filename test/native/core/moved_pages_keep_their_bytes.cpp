#include <sys/mman.h>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 64;

std::byte *move_pages(std::byte *from, std::uint64_t count, std::uint64_t new_count,
                      int flags = 0) {
  std::byte *const to = reserve_memory(new_count * page_bytes);
  void *moved = ::mremap(from, count * page_bytes, new_count * page_bytes,
                         MREMAP_MAYMOVE | MREMAP_FIXED | flags, to);
  EXPECT(moved == to);
  return to;
}

bool is_zero(const std::byte *page) {
  static const Page zeros{};
  return std::equal(zeros.begin(), zeros.end(), page);
}

void discard_pages(std::byte *first, std::uint64_t count) {
  EXPECT(::madvise(first, count * page_bytes, MADV_DONTNEED) == 0);
}

struct Scene {
  Scene(Bed &bed, const PatternFile &file)
      : pattern(file.image()),
        client(bed, sys::uapi::layout_features & ~sys::uapi::feature_event_fork),
        mapped(client.map(bed.add(file), {.window_bytes = 4096})) {}

  void expect_image(const std::byte *memory, std::uint64_t first, std::uint64_t end) const {
    for (std::uint64_t page = first; page < end; ++page) {
      EXPECT(pattern.matches(page, memory + (page - first) * page_bytes));
    }
  }

  const PatternImage pattern;
  Client client;
  const Mapped mapped;
};

// Some pages were there, some were not, one was discarded: all of it goes along.
void check_move(Bed &bed, const PatternFile &file) {
  Scene scene(bed, file);
  Crowd crowd(bed);
  crowd.add([&] {
    scene.expect_image(scene.mapped.start, 0, 20);
    discard_pages(scene.mapped.page(7), 1);
    discard_pages(scene.mapped.page(40), 2);
    std::byte *const to = move_pages(scene.mapped.start, pages, pages);
    scene.expect_image(to, 0, 7);
    EXPECT(is_zero(to + 7 * page_bytes));
    scene.expect_image(to + 8 * page_bytes, 8, 40);
    EXPECT(is_zero(to + 40 * page_bytes) && is_zero(to + 41 * page_bytes));
    scene.expect_image(to + 42 * page_bytes, 42, pages);
  });
  crowd.join();
  bed.pump_until([&] { return scene.mapped.region->life()->parts.load() == 1; });
}

// A part out of the middle goes elsewhere, and what is left stays what it was.
void check_move_of_a_middle(Bed &bed, const PatternFile &file) {
  Scene scene(bed, file);
  Crowd crowd(bed);
  crowd.add([&] {
    std::byte *const to = move_pages(scene.mapped.page(16), 16, 16);
    scene.expect_image(to, 16, 32);
    scene.expect_image(scene.mapped.start, 0, 16);
    scene.expect_image(scene.mapped.page(32), 32, pages);
    // And back again, elsewhere in part.
    std::byte *const again = move_pages(to + 4 * page_bytes, 4, 4);
    scene.expect_image(again, 20, 24);
  });
  crowd.join();
  bed.pump_until([&] { return scene.mapped.region->life()->parts.load() == 5; });
}

// What a mapping grew by reads as zeros, in place or moved, touched before another move or not.
void check_growth(Bed &bed, const PatternFile &file) {
  Scene scene(bed, file);
  Crowd crowd(bed);
  crowd.add([&] {
    std::byte *const room = move_pages(scene.mapped.start, pages, 2 * pages);
    EXPECT(is_zero(room + (pages + 5) * page_bytes) && is_zero(room + pages * page_bytes));
    EXPECT(is_zero(room + (2 * pages - 1) * page_bytes));
    scene.expect_image(room, 0, pages);
    discard_pages(room + (pages + 5) * page_bytes, 1);
    EXPECT(is_zero(room + (pages + 5) * page_bytes));
    std::byte *const all = move_pages(room, 2 * pages, 3 * pages);
    std::byte *const tail = move_pages(all + 2 * pages * page_bytes, pages, pages);
    EXPECT(is_zero(all + (pages + 6) * page_bytes));
    scene.expect_image(all, 0, pages);
    (void)tail;  // nobody has touched it where it was known, and nobody does
  });
  crowd.join();
}

// In place: the hole behind it is made by unmapping.
void check_growth_in_place(Bed &bed, const PatternFile &file) {
  Scene scene(bed, file);
  Crowd crowd(bed);
  crowd.add([&] {
    std::byte *const all = move_pages(scene.mapped.start, pages, 2 * pages);
    EXPECT(::munmap(all + 32 * page_bytes, (2 * pages - 32) * page_bytes) == 0);
    void *grown = ::mremap(all, 32 * page_bytes, pages * page_bytes, 0);
    EXPECT(grown == all);
    scene.expect_image(all, 0, 32);
    for (std::uint64_t page = pages - 1; page >= 32; --page) {
      EXPECT(is_zero(all + page * page_bytes));
    }
  });
  crowd.join();
}

// The client keeps the addresses whose pages it moves: they read as zeros, as the kernel says.
void check_move_that_keeps_addresses(Bed &bed, const PatternFile &file) {
  Scene scene(bed, file);
  Crowd crowd(bed);
  crowd.add([&] {
    scene.expect_image(scene.mapped.start, 0, 4);
    std::byte *const to = move_pages(scene.mapped.start, pages, pages, MREMAP_DONTUNMAP);
    for (std::uint64_t page = 0; page < pages; ++page) EXPECT(is_zero(scene.mapped.page(page)));
    scene.expect_image(to, 0, pages);
  });
  crowd.join();
}

}  // namespace

CLAIM(moved_pages_keep_their_bytes) {
  Bed bed;
  const PatternFile file({.seed = 21, .length_bytes = pages * page_bytes, .has_zeros = false});
  check_move(bed, file);
  check_move_of_a_middle(bed, file);
  check_growth(bed, file);
  check_growth_in_place(bed, file);
  check_move_that_keeps_addresses(bed, file);
}

}  // namespace pagerd::test
