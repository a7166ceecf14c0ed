#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// A system call that reads the page: it fails where the thread itself would get SIGBUS.
int error_of_writing_from(const std::byte *memory) {
  int ends[2];
  EXPECT(::pipe(ends) == 0);
  const ssize_t written = ::write(ends[1], memory, 8);
  const int code = written < 0 ? errno : 0;
  ::close(ends[0]);
  ::close(ends[1]);
  return code;
}

void with_crowd(Bed &bed, const std::function<void()> &work) {
  Crowd crowd(bed);
  crowd.add(work);
  crowd.join();
}

}  // namespace

// Whoever touches what the source could not give gets SIGBUS, and who asks again later, when it
// can, gets the bytes. Nobody ever gets zeros.
CLAIM(failed_source_is_poison) {
  Bed bed;
  const PatternImage pattern{.seed = 12, .length_bytes = 64 * page_bytes, .has_zeros = false};
  const Image image = bed.add(pattern);
  Client client(bed);
  const Mapped mapped = client.map(image, {.offset_bytes = 8 * page_bytes});

  bed.source_failure = "the store answers 503";
  with_crowd(bed, [&] {
    EXPECT(!touch_or_bus_error(mapped.page(3)));
    EXPECT(!touch_or_bus_error(mapped.page(3)));
    EXPECT_EQUAL(error_of_writing_from(mapped.page(3)), EFAULT);
    EXPECT_EQUAL(error_of_writing_from(mapped.page(30)), EFAULT);
  });
  std::uint64_t offsets_bytes = 0;
  for (unsigned i = 0; i < 2; ++i) {
    const Event event = bed.await(EventKind::poisoned);
    EXPECT_EQUAL(event.space, client.space->id());
    EXPECT_EQUAL(event.region, mapped.region->id());
    EXPECT_EQUAL(event.image, image->id());
    EXPECT_TEXT(event.text, bed.source_failure);
    offsets_bytes += event.offset_bytes;
  }
  // In either order: whoever gets SIGBUS goes on before it is told here.
  EXPECT_EQUAL(offsets_bytes, (3 + 30) * page_bytes);
  EXPECT(!bed.has(EventKind::poisoned));
  EXPECT_EQUAL(client.space->tally.pages_poisoned.get(), 2);
  // Of each page's window, and then of the page alone.
  EXPECT_EQUAL(image->fill_failures.get(), 4);
  EXPECT(image->lost_reason().empty());
  EXPECT_TEXT(bed.await(EventKind::prefaulted, client.prefault(mapped, 0, 8)).text,
              bed.source_failure);

  bed.source_failure.clear();
  with_crowd(bed, [&] {
    // Poison stays until the client drops it, or a neighbour's window brings the bytes.
    EXPECT(!touch_or_bus_error(mapped.page(30)));
    EXPECT(::madvise(mapped.page(30), page_bytes, MADV_DONTNEED) == 0);
    EXPECT(mapped.has(pattern, 30));
    EXPECT(mapped.has(pattern, 2) && mapped.has(pattern, 3));
  });
  Client other(bed);
  const Mapped again = other.map(image);
  with_crowd(bed, [&] { EXPECT(again.has_all(pattern)); });
}

}  // namespace pagerd::test
