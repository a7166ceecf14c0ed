// Invariant 3.
#include <sys/mman.h>

#include <algorithm>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// Memory that two images take turns in.
struct Stage {
  Stage(Bed &bed, std::uint64_t pages)
      : pages(pages),
        patterns{{.seed = 1, .length_bytes = pages * page_bytes, .has_zeros = false},
                 {.seed = 2, .length_bytes = pages * page_bytes, .has_zeros = false}},
        file(patterns[0]),
        images{bed.add(file), bed.add(patterns[1])},
        client(bed),
        memory(reserve_memory(pages * page_bytes)) {
    register_memory(client.uffd, memory, pages * page_bytes);
  }

  Mapped map(unsigned round, std::uint64_t window_bytes) {
    return client.map(images[round % 2], {.window_bytes = window_bytes, .address = memory});
  }

  // The memory is its client's again: it drops all of it, and whatever were installed from here on
  // would show.
  void expect_no_more_installs() {
    EXPECT(::madvise(memory, pages * page_bytes, MADV_DONTNEED) == 0);
    for (unsigned look = 0; look < 10; ++look) {
      std::vector<unsigned char> present(pages);
      EXPECT(::mincore(memory, pages * page_bytes, present.data()) == 0);
      EXPECT(std::none_of(present.begin(), present.end(), [](auto page) { return page & 1; }));
    }
  }

  const std::uint64_t pages;
  const PatternImage patterns[2];
  const PatternFile file;
  const Image images[2];
  Client client;
  std::byte *const memory;
};

// Under threads that touch it all the time: what they read is of the image that is mapped there,
// never of the one before.
void check_touching(Bed &bed) {
  Stage stage(bed, 64);
  for (unsigned round = 0; round < 100; ++round) {
    const PatternImage &pattern = stage.patterns[round % 2];
    const Mapped mapped = stage.map(round, 16384);
    Crowd crowd(bed);
    for (unsigned toucher = 0; toucher < 3; ++toucher) {
      crowd.add([&, toucher] {
        for (std::uint64_t i = 0; i < stage.pages / 2; ++i) {
          EXPECT(mapped.has(pattern, (i * (2 * toucher + 1)) % stage.pages));
        }
      });
    }
    const std::uint32_t request = stage.client.prefault(mapped, stage.pages / 2, stage.pages / 2);
    crowd.join();
    stage.client.retire(mapped);
    stage.expect_no_more_installs();
    bed.await(EventKind::prefaulted, request);
  }
}

// While a prefault is in the middle of 32 MiB that only have to be copied.
void check_prefaulting(Bed &bed) {
  Stage stage(bed, 8192);
  for (unsigned round = 0; round < 40; ++round) {
    const Mapped mapped = stage.map(round, page_bytes);
    const std::uint32_t request = stage.client.prefault(mapped, 0, stage.pages);
    const std::uint64_t some = 1 + round * 128;
    bed.pump_until([&] { return mapped.region->resident_pages.get() >= some; });
    stage.client.retire(mapped);
    stage.expect_no_more_installs();
    const Event event = bed.await(EventKind::prefaulted, request);
    EXPECT(event.pages < stage.pages ? event.text == "the region has ended" : event.text.empty());
  }
}

}  // namespace

CLAIM(no_install_follows_an_unmap) {
  Bed bed;
  check_touching(bed);
  check_prefaulting(bed);
}

}  // namespace pagerd::test
