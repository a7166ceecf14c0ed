#include <sys/mman.h>

#include "client.hpp"
#include "sys/thread.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr PatternImage pattern{.seed = 14, .length_bytes = 1024 * page_bytes};

// Touches all of it, drops it, and begins again.
void touch_again_and_again(const Mapped &mapped, unsigned seed, const std::atomic<bool> &is_over) {
  const std::uint64_t pages = mapped.pages();
  while (!is_over.load()) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      EXPECT(mapped.has(pattern, (i * (2 * seed + 1) * 17) % pages));
    }
    EXPECT(::madvise(mapped.start, mapped.length_bytes, MADV_DONTNEED) == 0);
  }
}

}  // namespace

// The fault threads that read a space change all the time, and other spaces come and go, under
// clients that fault as fast as they can.
CLAIM(moved_spaces_lose_no_fault) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file);
  std::vector<std::unique_ptr<Client>> clients;
  std::atomic<bool> is_over{false};
  Crowd crowd(bed);
  for (unsigned i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(bed));
    const Mapped mapped = clients.back()->map(image, {.window_bytes = 4096});
    crowd.add([mapped, i, &is_over] { touch_again_and_again(mapped, i, is_over); });
  }
  const std::vector<int> cpus = sys::usable_cpus();
  for (unsigned round = 0; round < 500; ++round) {
    for (unsigned i = 0; i < clients.size(); ++i) {
      // Now one thread, now another, now all of them.
      const std::size_t choice = (round + i) % (cpus.size() + 1);
      bed.engine().watch(clients[i]->space, choice == cpus.size() ? -1 : cpus[choice]);
    }
    Client guest(bed);
    const Mapped mapped = guest.map(image, {.offset_bytes = round * page_bytes});
    EXPECT(mapped.has(pattern, 3) && mapped.has(pattern, 300));
  }
  is_over.store(true);
  crowd.join();
}

}  // namespace pagerd::test
