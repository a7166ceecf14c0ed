// Invariant 3.
#include <signal.h>
#include <sys/mman.h>

#include "client.hpp"

namespace pagerd::test {

using sys::page_bytes;

// Two images take turns at one address, under threads that touch it all the time: what they read is
// of the image that is mapped there, never of the one before.
CLAIM(no_install_follows_an_unmap) {
  constexpr std::uint64_t pages = 64;
  constexpr unsigned rounds = 150;
  Bed bed;
  const PatternImage patterns[] = {
      {.seed = 1, .length_bytes = pages * page_bytes, .has_zeros = false},
      {.seed = 2, .length_bytes = pages * page_bytes, .has_zeros = false}};
  const PatternFile file(patterns[0]);
  const Image images[] = {bed.add(file), bed.add(patterns[1])};
  Client client(bed);
  std::byte *const memory = reserve_memory(pages * page_bytes);
  register_memory(client.uffd, memory, pages * page_bytes);

  for (unsigned round = 0; round < rounds; ++round) {
    const PatternImage &pattern = patterns[round % 2];
    const Mapped mapped = client.map(images[round % 2], {.window_bytes = 16384, .address = memory});
    Crowd crowd(bed);
    for (unsigned toucher = 0; toucher < 3; ++toucher) {
      crowd.add([&, toucher] {
        for (std::uint64_t i = 0; i < pages / 2; ++i) {
          EXPECT(mapped.has(pattern, (i * (2 * toucher + 1)) % pages));
        }
      });
    }
    // Half of the rounds end a region under which installs are on their way: a bulk job, whose
    // bytes nobody waits for.
    const std::uint32_t request = client.prefault(mapped, pages / 2, pages / 2);
    crowd.join();
    client.retire(mapped);
    // From here on the memory is ours. A page that were installed now would show below.
    EXPECT(::madvise(memory, pages * page_bytes, MADV_DONTNEED) == 0);
    bed.await(EventKind::prefaulted, request);
    for (std::uint64_t number = 0; number < pages; ++number) {
      unsigned char present = 0;
      EXPECT(::mincore(memory + number * page_bytes, page_bytes, &present) == 0);
      EXPECT_EQUAL(present & 1, 0);
    }
  }
  ::munmap(memory, pages * page_bytes);
}

}  // namespace pagerd::test
