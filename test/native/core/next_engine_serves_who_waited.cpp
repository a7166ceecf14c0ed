#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr PatternImage pattern{.seed = 7, .length_bytes = 64 * page_bytes, .has_zeros = false};
constexpr std::uint64_t waiting = 10;

// What a client's process keeps when its manager is gone: memory, a descriptor, blocked threads.
struct Survivor {
  sys::Descriptor uffd = open_userfaultfd(0);
  std::byte *memory = reserve_memory(pattern.length_bytes);
  std::vector<std::thread> touchers;
};

std::shared_ptr<engine::AddressSpace> serve(Bed &bed, const Survivor &survivor,
                                            const Image &image) {
  auto copy = sys::duplicate_descriptor(survivor.uffd.get());
  EXPECT(copy.ok());
  auto space = bed.engine().attach(copy.take(), 0, -1);
  const engine::RegionPlan plan{1,          reinterpret_cast<std::uint64_t>(survivor.memory),
                                pattern.length_bytes, 0, page_bytes, page_bytes};
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().map(space, std::make_shared<engine::Region>(plan, image), request));
  bed.await(EventKind::mapped, request);
  return space;
}

}  // namespace

// Faults that an engine had read, and that end with it, are not delivered again by themselves. The
// next one to map the memory has them come again.
CLAIM(next_engine_serves_who_waited) {
  Survivor survivor;
  register_memory(survivor.uffd, survivor.memory, pattern.length_bytes);
  std::atomic<std::uint64_t> ended{0};
  {
    Bed bed;
    bed.holds_fills = true;
    const auto space = serve(bed, survivor, bed.add(pattern));
    for (std::uint64_t page = 0; page < waiting; ++page) {
      survivor.touchers.emplace_back([&, page] {
        EXPECT(pattern.matches(page, survivor.memory + page * page_bytes));
        ended.fetch_add(1);
      });
    }
    bed.pump_until([&] { return space->pending.count() == waiting; });
  }
  EXPECT_EQUAL(open_userfaultfds(), 1);
  EXPECT_EQUAL(ended.load(), 0);

  Bed bed;
  serve(bed, survivor, bed.add(pattern));
  bed.pump_until([&] { return ended.load() == waiting; });
  for (std::thread &toucher : survivor.touchers) toucher.join();
}

}  // namespace pagerd::test
