#include <unistd.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 9000;
constexpr PatternImage pattern{.seed = 81, .length_bytes = pages * page_bytes - 7};

std::string load(Bed &bed, const Image &image) {
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().load(image, request));
  return bed.await(EventKind::loaded, request).text;
}

void check_loaded(Bed &bed, const Image &image) {
  EXPECT(!image->image().is_fully_resident());
  EXPECT_TEXT(load(bed, image), "");
  EXPECT(image->image().is_fully_resident());
  EXPECT_TEXT(load(bed, image), "");
}

void check_failure(Bed &bed) {
  const Image image = bed.add(pattern);
  bed.source_failure = "the cable is out";
  EXPECT_TEXT(load(bed, image), "the cable is out");
  EXPECT(!image->image().is_fully_resident());
  // Once the source is well again, so is the next load.
  bed.source_failure = "";
  EXPECT_TEXT(load(bed, image), "");
}

// A source that never answers: the engine ends all the same, and nothing is left of the load.
void check_stop() {
  Bed bed;
  bed.holds_fills = true;
  const Image image = bed.add(pattern);
  EXPECT(bed.engine().load(image, bed.next_request()));
  bed.pump_until([&] { return !bed.held.empty(); });
  bed.engine().remove_image(image->id());
  bed.stop();
}

}  // namespace

CLAIM(loads_bring_every_page) {
  {
    Bed bed;
    const PatternFile file(pattern);
    check_loaded(bed, bed.add(file));
    check_loaded(bed, bed.add(pattern));
    check_failure(bed);
  }
  check_stop();
}

}  // namespace pagerd::test
