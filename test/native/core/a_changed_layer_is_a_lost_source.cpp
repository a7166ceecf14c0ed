// Invariant 7.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "client.hpp"
#include "layer_files.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 256;

// What each page is of: the base has all of them, and the newer ones hide thirds of it.
std::vector<LayerPlan> plans() {
  const LayerPlan empty{pages * page_bytes, {}};
  return {LayerPlan(empty).write(0, pages, 1), LayerPlan(empty).write(0, 80, 2),
          LayerPlan(empty).write(80, 160, 3)};
}

void modify(const std::string &path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT(::pwrite(file, "new", 3, 200 * page_bytes) == 3);
  ::close(file);
}

void extend(const std::string &path) {
  EXPECT(::truncate(path.c_str(), 2 * pages * page_bytes) == 0);
}

void shorten(const std::string &path) { EXPECT(::truncate(path.c_str(), page_bytes) == 0); }

void replace(const std::string &path) {
  const int file = ::open((path + ".new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  EXPECT(::ftruncate(file, pages * page_bytes) == 0);
  ::close(file);
  EXPECT(::rename((path + ".new").c_str(), path.c_str()) == 0);
}

// Whichever layer it is and whichever the page comes from: what was read might have been of another
// layer before, and nothing is a hole for certain.
void check(std::size_t layer, void (*spoil)(const std::string &path), const std::string &reason) {
  Bed bed;
  const LayerFiles files(memory_folder(), plans());
  const Image image = bed.add(files.length_bytes(), files.open());
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});
  EXPECT(touch(mapped.page(3)) >= 0 && files.matches(3, mapped.page(3)));

  spoil(files.path(layer));

  const std::string place = "layer " + std::to_string(layer + 1) + " of 3, ";
  for (const std::uint64_t page : {5u, 100u, 250u}) {
    EXPECT(!touch_or_bus_error(mapped.page(page)));
    const Event event = bed.await(EventKind::poisoned);
    EXPECT_EQUAL(event.offset_bytes, page * page_bytes);
    EXPECT_TEXT(event.text, place + files.path(layer) + ", changed: " + reason);
  }
  EXPECT_TEXT(image->lost_reason(), place);
  EXPECT(files.matches(3, mapped.page(3)));
}

}  // namespace

CLAIM(a_changed_layer_is_a_lost_source) {
  for (std::size_t layer = 0; layer < 3; ++layer) {
    check(layer, modify, "it was modified");
    check(layer, extend, "its size was 1048576 bytes and is 2097152");
    check(layer, shorten, "its size was 1048576 bytes and is 4096");
    check(layer, replace, "its path names another file");
  }
}

}  // namespace pagerd::test
