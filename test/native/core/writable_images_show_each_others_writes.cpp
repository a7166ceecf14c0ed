#include <fcntl.h>
#include <sys/mman.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using engine::Backing;
using sys::page_bytes;

constexpr std::uint64_t pages = 200;
constexpr PatternImage pattern{.seed = 71, .length_bytes = pages * page_bytes};
constexpr MapPlan shared{.window_bytes = 16384, .backing = Backing::image_shared};

void check_writes(Bed &bed, const Image &image) {
  Client one(bed);
  Client other(bed);
  const Mapped mine = one.map(image, shared);
  const Mapped theirs = other.map(image, shared);
  Crowd crowd(bed);
  // Zero pages too: they become pages of the file, so that both see one page.
  crowd.add([&] {
    for (std::uint64_t page = 0; page < pages; ++page) {
      EXPECT(theirs.has(pattern, page));
      mine.page(page)[1] = static_cast<std::byte>(page + 1);
      EXPECT_EQUAL(static_cast<std::uint64_t>(touch(theirs.page(page) + 1)), (page + 1) % 256);
    }
  });
  crowd.join();
  EXPECT_EQUAL(one.space->tally.pages_copied.get() + one.space->tally.pages_zeroed.get(), 0);
}

// What a client has cut out of the file is zeros, for it and for all: that was its own doing.
void check_punched(Bed &bed, const Image &image) {
  Client client(bed);
  const Mapped mapped = client.map(image, shared);
  EXPECT_TEXT(bed.await(EventKind::prefaulted, client.prefault(mapped, 0, pages)).text, "");
  EXPECT_EQUAL(mapped.region->resident_pages.get(), pages);
  EXPECT(::madvise(mapped.page(10), 4 * page_bytes, MADV_REMOVE) == 0);
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::uint64_t page = 10; page < 14; ++page) {
      EXPECT_EQUAL(static_cast<std::uint64_t>(touch(mapped.page(page))), 0);
    }
  });
  crowd.join();
  EXPECT(::madvise(mapped.page(10), 4 * page_bytes, MADV_REMOVE) == 0);
  EXPECT_TEXT(bed.await(EventKind::prefaulted, client.prefault(mapped, 0, pages)).text, "");
}

}  // namespace

CLAIM(writable_images_show_each_others_writes) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file, image::ImageKind::writable);
  check_writes(bed, image);
  check_punched(bed, image);
}

}  // namespace pagerd::test
