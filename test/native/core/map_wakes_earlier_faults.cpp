// Invariant 1.
#include "client.hpp"

namespace pagerd::test {

using sys::page_bytes;

// Memory that is registered before it is mapped with the engine: its faults are read while nobody
// knows what they are of, and come again once it is known.
CLAIM(map_wakes_earlier_faults) {
  constexpr std::uint64_t pages = 64;
  Bed bed;
  const PatternFile file({.seed = 61, .length_bytes = pages * page_bytes});
  const Image image = bed.add(file);
  for (unsigned round = 0; round < 30; ++round) {
    Client client(bed);
    std::byte *const memory = reserve_memory(pages * page_bytes);
    register_memory(client.uffd, memory, pages * page_bytes);
    Mapped mapped;
    mapped.start = memory;
    mapped.length_bytes = pages * page_bytes;
    Crowd crowd(bed);
    for (std::uint64_t i = 0; i < 4; ++i) {
      crowd.add([&mapped, &file, i] { EXPECT(mapped.has(file.image(), i * 16)); });
    }
    // In half of the rounds all of them are known to wait; in the others they come as it is mapped.
    if (round % 2 == 0) {
      bed.pump_until([&] {
        const auto &outcomes = client.space->tally.outcomes;
        return outcomes[static_cast<unsigned>(engine::Outcome::discarded)].get() == 4;
      });
      EXPECT(client.space->strays.any());
    }
    client.map(image, {.address = memory});
    crowd.join();
    EXPECT(!client.space->strays.any());
  }
}

}  // namespace pagerd::test
