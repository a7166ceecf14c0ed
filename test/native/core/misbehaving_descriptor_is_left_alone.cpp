#include <fcntl.h>

#include <array>

#include "client.hpp"
#include "sys/uffd.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

std::uint64_t wakeups(Bed &bed) {
  std::uint64_t sum = 0;
  for (const auto &loop : bed.engine().loops()) sum += loop->wakeups.get();
  return sum;
}

// Another client is served meanwhile, and that costs few wake-ups: nobody spins on the bad one.
void check_others_are_served(Bed &bed, const PatternFile &file, const Image &image) {
  Client other(bed);
  const Mapped mapped = other.map(image, {.window_bytes = 4096});
  const std::uint64_t before = wakeups(bed);
  EXPECT(mapped.has_all(file.image()));
  const std::uint64_t allowed = 4 * mapped.pages() * bed.engine().loops().size();
  EXPECT(wakeups(bed) - before <= allowed);
}

// O_NONBLOCK lives in the description that the client shares with us, and polling without it is an
// error that never ends.
void check_blocking(Bed &bed, const PatternFile &file, const Image &image) {
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});
  EXPECT(mapped.has(file.image(), 1));
  EXPECT(::fcntl(client.uffd.get(), F_SETFL, 0) == 0);
  std::thread toucher([&] { touch(mapped.page(2)); });

  const Event event = bed.await(EventKind::misbehaved);

  EXPECT_EQUAL(event.space, client.space->id());
  EXPECT_TEXT(event.text, "O_NONBLOCK");
  check_others_are_served(bed, file, image);
  EXPECT(!bed.has(EventKind::misbehaved));
  client.detach();
  client.uffd.reset();
  toucher.join();
}

// Whoever was about to read it when the flag went finds nothing, and does not wait for something.
void check_reading_does_not_wait(Bed &bed) {
  Client client(bed);
  EXPECT(::fcntl(client.uffd.get(), F_SETFL, 0) == 0);

  std::array<uffd_msg, 2> messages;
  auto got = sys::uffd_read(client.uffd.get(), messages);

  EXPECT(got.ok() && got.value() == 0);
  client.detach();
}

}  // namespace

CLAIM(misbehaving_descriptor_is_left_alone) {
  Bed bed;
  const PatternFile file({.seed = 71, .length_bytes = 256 * page_bytes});
  const Image image = bed.add(file);
  check_blocking(bed, file, image);
  check_reading_does_not_wait(bed);
}

}  // namespace pagerd::test
