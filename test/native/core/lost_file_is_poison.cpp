// Invariant 7.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

void truncate_file(const std::string &path) { EXPECT(::truncate(path.c_str(), 8192) == 0); }

void extend_file(const std::string &path) { EXPECT(::truncate(path.c_str(), 2 << 20) == 0); }

void modify_file(const std::string &path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT(::pwrite(file, "new", 3, 100 * page_bytes) == 3);
  ::close(file);
}

void replace_file(const std::string &path) {
  const PatternFile other({.seed = 99, .length_bytes = 1 << 20, .has_zeros = false});
  EXPECT(::rename(other.path().c_str(), path.c_str()) == 0);
}

void remove_file(const std::string &path) { EXPECT(::unlink(path.c_str()) == 0); }

void check_loss(void (*spoil)(const std::string &path), const std::string &reason) {
  Bed bed;
  const PatternFile file({.seed = 4, .length_bytes = 1 << 20, .has_zeros = false});
  const Image image = bed.add(file);
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});
  EXPECT(mapped.has(file.image(), 3));

  spoil(file.path());

  // Old and new bytes are both out of reach now; zeros would be a lie.
  for (const std::uint64_t number : {1u, 100u, 101u, 255u}) {
    EXPECT(!touch_or_bus_error(mapped.page(number)));
    const Event event = bed.await(EventKind::poisoned);
    EXPECT_EQUAL(event.offset_bytes, number * page_bytes);
    EXPECT_TEXT(event.text, reason);
  }
  EXPECT_TEXT(image->lost_reason(), reason);
  EXPECT_EQUAL(client.space->tally.pages_poisoned.get(), 4);
  // What had been read while the file was whole is still served, to others too.
  EXPECT(mapped.has(file.image(), 3));
  Client other(bed);
  const Mapped again = other.map(image, {.window_bytes = 4096});
  EXPECT(again.has(file.image(), 3));
  EXPECT(!touch_or_bus_error(again.page(4)));
  const Event refusal = bed.await(EventKind::prefaulted, other.prefault(again, 8, 8));
  EXPECT_TEXT(refusal.text, reason);
}

// A file that comes back is not trusted again: nobody knows what became of it meanwhile.
void check_return() {
  Bed bed;
  const PatternFile file({.seed = 4, .length_bytes = 1 << 20, .has_zeros = false});
  Client client(bed);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = 4096});
  const std::string aside = file.path() + ".aside";
  EXPECT(::rename(file.path().c_str(), aside.c_str()) == 0);
  EXPECT(!touch_or_bus_error(mapped.page(1)));
  EXPECT(::rename(aside.c_str(), file.path().c_str()) == 0);
  EXPECT(!touch_or_bus_error(mapped.page(2)));
}

}  // namespace

CLAIM(lost_file_is_poison) {
  check_loss(truncate_file, "its size was 1048576 bytes and is 8192");
  check_loss(extend_file, "its size was 1048576 bytes and is 2097152");
  check_loss(modify_file, "it was modified");
  check_loss(replace_file, "its path names another file");
  check_loss(remove_file, "its path: stat: No such file");
  check_return();
}

}  // namespace pagerd::test
