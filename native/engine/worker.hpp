#pragma once

#include <cstdint>

#include "engine/huge_page.hpp"
#include "engine/tally.hpp"
#include "engine/unresolved.hpp"

namespace pagerd::engine {

class Slices;

// What one thread counts on its own, and where it is; the engine's totals are the sums.
struct Worker {
  std::uint8_t index = 0;
  Tally tally;
  InHand in_hand;
  // Of a fault thread.
  Slices *slices = nullptr;
  HugePageRoom huge_page_room;
};

}  // namespace pagerd::engine
