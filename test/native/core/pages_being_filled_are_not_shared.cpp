// Invariant 14.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using engine::Backing;
using sys::page_bytes;

constexpr std::uint64_t pages = 64;
constexpr PatternImage pattern{.seed = 61, .length_bytes = pages * page_bytes, .has_zeros = false};

// Somebody's reading of the file's holes puts empty pages into it: the kernel then calls a fault
// there minor, and could continue with zeros.
void fill_with_empty_pages(const Image &image) {
  std::byte *file = map_image_file(image, Backing::image_private, 0, pages * page_bytes);
  for (std::uint64_t page = 0; page < pages; ++page) {
    EXPECT_EQUAL(static_cast<std::uint64_t>(touch(file + page * page_bytes)), 0);
  }
  EXPECT(::munmap(file, pages * page_bytes) == 0);
}

void check_waits_for_bytes() {
  Bed bed;
  const Image image = bed.add(pattern);
  fill_with_empty_pages(image);
  Client client(bed);
  const Mapped mapped = client.map(image, {.backing = Backing::image_private});
  bed.holds_fills = true;
  Crowd crowd(bed);
  for (std::uint64_t first = 0; first < 3; ++first) {
    crowd.add([&, first] {
      for (std::uint64_t page = first; page < pages; page += 3) EXPECT(mapped.has(pattern, page));
    });
  }
  bed.pump_until([&] { return client.space->pending.count() >= 3 && !bed.held.empty(); });
  EXPECT(client.space->tally.kinds[1].get() > 0);
  EXPECT_EQUAL(client.space->tally.pages_continued.get(), 0);
  bed.holds_fills = false;
  bed.answer_held();
  crowd.join();
}

void punch(const Image &image, std::uint64_t page) {
  auto file = image->image().open_for_client();
  EXPECT(file.ok());
  const std::string path = "/proc/self/fd/" + std::to_string(file.value().get());
  EXPECT(::chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0);
  const sys::Descriptor writable(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT(writable.is_open());
  const auto offset = static_cast<off_t>(page * page_bytes);
  EXPECT(::fallocate(writable.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                     page_bytes) == 0);
}

// A page whose bytes are gone, against everything its image's book says, is no page of zeros.
void check_lost_page() {
  Bed bed;
  const Image image = bed.add(pattern);
  Client client(bed);
  const Mapped mapped = client.map(image, {.backing = Backing::image_private});
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(mapped.has_all(pattern)); });
  crowd.join();
  punch(image, 7);
  crowd.add([&] {
    EXPECT(!touch_or_bus_error(mapped.page(7)));
    EXPECT(mapped.has(pattern, 6) && mapped.has(pattern, 8));
  });
  crowd.join();
  EXPECT_TEXT(bed.await(EventKind::poisoned).text, "the image has lost the page");
}

}  // namespace

CLAIM(pages_being_filled_are_not_shared) {
  check_waits_for_bytes();
  check_lost_page();
}

}  // namespace pagerd::test
