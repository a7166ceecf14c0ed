// Invariant 13.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "client.hpp"

namespace pagerd::test {

namespace {

using engine::Backing;
using sys::page_bytes;

constexpr std::uint64_t pages = 700;
constexpr PatternImage pattern{.seed = 51, .length_bytes = pages * page_bytes - 100};

std::uint64_t zero_pages() {
  std::uint64_t count = 0;
  for (std::uint64_t page = 0; page < pages; ++page) count += pattern.is_zero(page);
  return count;
}

// What the image's file holds in memory.
std::uint64_t pages_in_file(const Image &image) {
  auto file = image->image().open_for_client();
  EXPECT(file.ok());
  const auto end = static_cast<off_t>(pages * page_bytes);
  std::uint64_t found = 0;
  for (off_t at = ::lseek(file.value().get(), 0, SEEK_DATA); at >= 0 && at < end;) {
    const off_t hole = std::min(::lseek(file.value().get(), at, SEEK_HOLE), end);
    found += static_cast<std::uint64_t>(hole - at) / page_bytes;
    at = ::lseek(file.value().get(), hole, SEEK_DATA);
  }
  return found;
}

void check_reads(Bed &bed, const Image &image, std::uint64_t window_bytes) {
  Client client(bed);
  const Mapped mapped =
      client.map(image, {.window_bytes = window_bytes, .backing = Backing::image_private});
  EXPECT(mapped.has_all(pattern));
  bed.pump_until([&] { return mapped.region->resident_pages.get() == pages; });
  EXPECT_EQUAL(client.space->tally.pages_copied.get(), 0);
  EXPECT_EQUAL(client.space->tally.pages_zeroed.get(), zero_pages());
  EXPECT_EQUAL(client.space->tally.pages_continued.get(), pages - zero_pages());
  // Zeros cost nothing, and what is shared is there once.
  EXPECT_EQUAL(pages_in_file(image), pages - zero_pages());
}

// What one client writes is seen by it alone.
void check_writes(Bed &bed, const Image &image, std::uint64_t window_bytes) {
  Client writer(bed);
  Client reader(bed);
  const engine::Backing backing = Backing::image_private;
  const Mapped mine = writer.map(image, {.window_bytes = window_bytes, .backing = backing});
  const Mapped theirs = reader.map(image, {.window_bytes = window_bytes, .backing = backing});
  Crowd crowd(bed);
  for (std::uint64_t first = 0; first < 3; ++first) {
    crowd.add([&, first] {
      for (std::uint64_t page = first; page < pages; page += 3) {
        if (page % 5 == 0) mine.page(page)[page % page_bytes] = std::byte{0xa5};
        if (page % 5 != 0) EXPECT(mine.has(pattern, page));
        EXPECT(theirs.has(pattern, page));
      }
    });
  }
  crowd.join();
  for (std::uint64_t page = 0; page < pages; page += 5) {
    Page wanted = pattern.page(page);
    wanted[page % page_bytes] = std::byte{0xa5};
    EXPECT(std::equal(wanted.begin(), wanted.end(), mine.page(page)));
  }
  EXPECT(theirs.has_all(pattern));
  EXPECT_EQUAL(reader.space->tally.pages_copied.get(), 0);
}

// Nothing that a client can do with its descriptor changes the image, or its length.
void check_descriptor(const Image &image) {
  auto opened = image->image().open_for_client();
  EXPECT(opened.ok());
  const int file = opened.value().get();
  const auto shared = [&](int protection) {
    return ::mmap(nullptr, page_bytes, protection, MAP_SHARED, file, 0);
  };
  EXPECT(::pwrite(file, "x", 1, 0) < 0 && errno == EBADF);
  EXPECT(shared(PROT_READ | PROT_WRITE) == MAP_FAILED && errno == EACCES);
  void *readable = shared(PROT_READ);
  EXPECT(readable != MAP_FAILED);
  EXPECT(::mprotect(readable, page_bytes, PROT_READ | PROT_WRITE) < 0 && errno == EACCES);
  EXPECT(::munmap(readable, page_bytes) == 0);
  EXPECT(::ftruncate(file, 0) < 0);
  EXPECT(::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, page_bytes) < 0);
  EXPECT(::fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) < 0 && errno == EPERM);
  struct stat status {};
  EXPECT(::fstat(file, &status) == 0 && (status.st_mode & 0777) == S_IRUSR);
}

}  // namespace

CLAIM(shared_pages_are_the_images) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file);
  check_reads(bed, image, 0);
  check_reads(bed, image, page_bytes);
  check_writes(bed, image, 16384);
  check_writes(bed, bed.add(file), page_bytes);
  check_writes(bed, bed.add(pattern), limits::window_bytes_max);
  check_reads(bed, image, limits::window_bytes_max);
  check_descriptor(image);
}

}  // namespace pagerd::test
