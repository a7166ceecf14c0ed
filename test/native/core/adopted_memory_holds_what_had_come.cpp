#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "claim.hpp"
#include "image/image.hpp"
#include "pattern_image.hpp"

namespace pagerd::test {

namespace {

using image::Image;
using image::ImageKind;
using image::PageState;
using sys::page_bytes;

constexpr std::uint64_t pages = 40'000;  // more than one page of bits
constexpr PatternImage pattern{.seed = 83, .length_bytes = pages * page_bytes - 9};

// Odd runs of it, and a run that is known to be zero.
void bring_some(Image &image) {
  for (std::uint64_t first = 3; first < pages; first += 97) {
    image.commit(first, pattern.bytes(first, std::min(first + 5, pages)));
  }
  image.mark_zero(20'000, 20'040);
}

void check_same(const Image &before, const Image &after) {
  EXPECT(after.resident_pages() == before.resident_pages());
  EXPECT(after.zero_pages() == before.zero_pages());
  for (std::uint64_t page = 0; page < pages; ++page) {
    EXPECT(after.state(page) == before.state(page));
    if (after.state(page) != PageState::resident) continue;
    EXPECT(pattern.matches(page, after.bytes_of(page)));
  }
}

// By the descriptor that a client has, which is all that is left of a manager that was killed.
void check_adoption(ImageKind kind) {
  auto before = Image::create(pattern.length_bytes, kind);
  EXPECT(before.ok());
  bring_some(before.value());
  auto clients = before.value().open_for_client();
  EXPECT(clients.ok());

  auto after = Image::adopt(pattern.length_bytes, kind, clients.value());

  EXPECT(after.ok());
  EXPECT(before.value().identity().value() == after.value().identity().value());
  check_same(before.value(), after.value());
  // It goes on: what comes now is seen by whoever maps the memory.
  after.value().commit(1, pattern.bytes(1, 2));
  EXPECT(std::memcmp(before.value().bytes_of(1), after.value().bytes_of(1), page_bytes) == 0);
  // Clients can write it no more than before.
  auto again = after.value().open_for_client();
  EXPECT(again.ok());
  const bool can_write = ::pwrite(again.value().get(), "x", 1, 0) == 1;
  EXPECT(can_write == (kind == ImageKind::writable));
}

void check_refusals() {
  auto image = Image::create(pattern.length_bytes);
  auto clients = image.value().open_for_client();
  EXPECT(!Image::adopt(pattern.length_bytes + page_bytes, ImageKind::plain, clients.value()).ok());

  const sys::Descriptor unsealed(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT(::ftruncate(unsealed.get(), ::lseek(clients.value().get(), 0, SEEK_END)) == 0);
  const auto refused = Image::adopt(pattern.length_bytes, ImageKind::plain, unsealed);
  EXPECT(!refused.ok() && refused.error().code == EBADF);
}

}  // namespace

CLAIM(adopted_memory_holds_what_had_come) {
  check_adoption(ImageKind::plain);
  check_adoption(ImageKind::writable);
  check_refusals();
}

}  // namespace pagerd::test
