#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 512;
constexpr PatternImage pattern{.seed = 51, .length_bytes = pages * page_bytes};

// Each fault's window of 2 MiB meets pages that are there already: in front of it, behind it, and
// at its beginning. Whatever is there stays, the client's own bytes among it.
void check_order(Bed &bed, const Image &image, const std::vector<std::uint64_t> &order) {
  Client client(bed);
  std::byte *const memory = reserve_memory(pages * page_bytes);
  register_memory(client.uffd, memory, pages * page_bytes);
  const Mapped small = client.map(image, {.window_bytes = 4096, .address = memory});
  Crowd first(bed);
  first.add([&] {
    for (const std::uint64_t number : order) {
      EXPECT(small.has(pattern, number));
      *small.page(number) = std::byte{0x77};
    }
  });
  first.join();
  client.retire(small);

  const Mapped large = client.map(image, {.window_bytes = 2 << 20, .address = memory});
  Crowd second(bed);
  second.add([&] {
    for (std::uint64_t number = pages; number-- > 0;) {
      const bool is_own = std::find(order.begin(), order.end(), number) != order.end();
      EXPECT(is_own ? *large.page(number) == std::byte{0x77} : large.has(pattern, number));
    }
  });
  second.join();
  ::munmap(memory, pages * page_bytes);
}

// Several threads at once in one window, so that the same pages are installed by several.
void check_together(Bed &bed, const Image &image) {
  for (unsigned round = 0; round < 20; ++round) {
    Client client(bed);
    const Mapped mapped = client.map(image, {.window_bytes = 2 << 20});
    Crowd crowd(bed);
    for (unsigned toucher = 0; toucher < 4; ++toucher) {
      crowd.add([&, toucher] {
        for (std::uint64_t i = 0; i < pages; ++i) {
          EXPECT(mapped.has(pattern, (i * 37 + toucher * 128) % pages));
        }
      });
    }
    const std::uint32_t request = client.prefault(mapped, 0, pages);
    crowd.join();
    EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "");
  }
}

// A page that came while its fault was waiting, put there by somebody who woke nobody.
void check_silent_install(Bed &bed) {
  const Image image = bed.add(pattern);
  Client client(bed);
  const Mapped mapped = client.map(image);
  bed.holds_fills = true;
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(*mapped.page(2) == std::byte{0x66}); });
  bed.pump_until([&] { return !bed.held.empty() && client.space->pending.count() == 1; });
  const Page own = [] {
    Page page;
    page.fill(std::byte{0x66});
    return page;
  }();
  uffdio_copy request{};
  request.dst = reinterpret_cast<std::uint64_t>(mapped.page(2));
  request.src = reinterpret_cast<std::uint64_t>(own.data());
  request.len = page_bytes;
  request.mode = UFFDIO_COPY_MODE_DONTWAKE;
  EXPECT(::ioctl(client.uffd.get(), sys::uapi::ioctl_copy, &request) == 0);
  EXPECT(!crowd.is_done());
  bed.holds_fills = false;
  bed.answer_held();
  crowd.join();
}

}  // namespace

CLAIM(windows_overlap_present_pages) {
  Bed bed;
  const PatternFile file(pattern);
  for (const Image &image : {bed.add(file), bed.add(pattern)}) {
    check_order(bed, image, {0});
    check_order(bed, image, {0, 1, 2, 511});
    check_order(bed, image, {510, 300, 100, 3});
    std::vector<std::uint64_t> odd;
    for (std::uint64_t number = 1; number < pages; number += 2) odd.push_back(number);
    check_order(bed, image, odd);
    check_together(bed, image);
  }
  check_silent_install(bed);
}

}  // namespace pagerd::test
