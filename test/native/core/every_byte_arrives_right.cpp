#include <algorithm>
#include <numeric>
#include <random>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// Every page once, in order or shuffled; some threads meet others on the way.
void check_pages(const Mapped &mapped, const PatternImage &image, unsigned seed) {
  std::vector<std::uint64_t> order(mapped.pages());
  std::iota(order.begin(), order.end(), 0);
  if (seed % 2 == 1) std::shuffle(order.begin(), order.end(), std::mt19937(seed));
  for (const std::uint64_t number : order) EXPECT(mapped.has(image, number));
}

void check_windows(Bed &bed, const PatternImage &pattern, const Image &image) {
  std::vector<std::unique_ptr<Client>> clients;
  Crowd crowd(bed);
  unsigned seed = 0;
  for (const std::uint64_t window : {4096u, 0u, 16384u, 65536u, 524288u, 2097152u}) {
    Client &client = *clients.emplace_back(std::make_unique<Client>(bed));
    // The whole image, and a part that begins and ends at odd pages of it.
    const Mapped whole = client.map(image, {.window_bytes = window});
    const Mapped part = client.map(image, {.offset_bytes = 77 * page_bytes,
                                           .length_bytes = 301 * page_bytes,
                                           .window_bytes = window});
    for (const Mapped &mapped : {whole, part, whole}) {
      crowd.add([mapped, pattern, seed] { check_pages(mapped, pattern, seed); });
      ++seed;
    }
  }
  crowd.join();
}

}  // namespace

CLAIM(every_byte_arrives_right) {
  Bed bed;
  // Neither is a multiple of a page; the second ends within a hole.
  const PatternFile file({.seed = 7, .length_bytes = (3u << 20) + 1234});
  const PatternImage source{.seed = 8, .length_bytes = (66 * 16 + 5) * page_bytes + 8};
  EXPECT(source.is_hole(source.pages() - 1) || source.is_zero(source.pages() - 1) ||
         source.length_bytes % page_bytes != 0);
  check_windows(bed, file.image(), bed.add(file));
  check_windows(bed, source, bed.add(source));
  // One byte only, and exactly one page.
  for (const std::uint64_t length_bytes : {std::uint64_t{1}, page_bytes}) {
    const PatternFile tiny({.seed = 9, .length_bytes = length_bytes, .has_zeros = false});
    Client client(bed);
    EXPECT(client.map(bed.add(tiny)).has_all(tiny.image()));
  }
}

}  // namespace pagerd::test
