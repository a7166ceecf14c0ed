#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t regions_count = 10'000;
constexpr std::uint64_t region_pages = 3;
constexpr std::uint64_t stride_bytes = 4 * page_bytes;  // with a gap behind each

std::uint64_t mapped_bytes() {
  std::uint64_t pages = 0;
  EXPECT(std::ifstream("/proc/self/statm") >> pages);
  return pages * page_bytes;
}

}  // namespace

// Each region begins at another page of the image, so that a wrong one shows; they are added and
// removed in no order.
CLAIM(among_ten_thousand_regions) {
  constexpr std::uint64_t pages = regions_count + region_pages;
  Bed bed;
  const PatternFile file({.seed = 31, .length_bytes = pages * page_bytes, .has_zeros = false});
  const Image image = bed.add(file);
  Client client(bed, sys::uapi::feature_event_remove);
  std::byte *const memory = reserve_memory(regions_count * stride_bytes);
  register_memory(client.uffd, memory, regions_count * stride_bytes);

  std::vector<std::uint64_t> order(regions_count);
  for (std::uint64_t i = 0; i < regions_count; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(5));
  std::vector<Mapped> regions(regions_count);
  for (const std::uint64_t i : order) {
    const std::uint32_t request =
        client.ask_to_map(image, regions[i], {.offset_bytes = i * page_bytes,
                                              .length_bytes = region_pages * page_bytes,
                                              .address = memory + i * stride_bytes});
    bed.await(EventKind::mapped, request);
  }
  for (std::uint64_t i = 0; i < regions_count; i += 3) {
    EXPECT(regions[i].has(file.image(), i % region_pages));
  }

  // What is noted of one region's removed pages costs the others nothing.
  const std::uint64_t before = mapped_bytes();
  for (std::uint64_t i = 1; i < 100; i += 3) {
    EXPECT(::madvise(regions[i].page(1), page_bytes, MADV_DONTNEED) == 0);
    EXPECT_EQUAL(static_cast<unsigned>(touch(regions[i].page(1))), 0);
    EXPECT(regions[i].has(file.image(), 0) && regions[i].has(file.image(), 2));
  }
  EXPECT(mapped_bytes() - before < 16u << 20);

  for (std::uint64_t i = 0; i < regions_count; i += 2) client.retire(regions[order[i]]);
  for (std::uint64_t i = 1; i < regions_count; i += 2) {
    if (order[i] >= 100) EXPECT(regions[order[i]].has_all(file.image()));
  }
  client.detach();
  client.uffd.reset();
  ::munmap(memory, regions_count * stride_bytes);
}

}  // namespace pagerd::test
