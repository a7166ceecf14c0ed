#include <unistd.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::size_t requests_count = 60'000;

engine::RegionPlan plan_of(const Mapped &mapped, std::uint32_t id) {
  return {id, mapped.address(), mapped.length_bytes, 0, page_bytes, page_bytes};
}

// Notices arise as fast as pages are touched that cannot be had: beyond their limit they are
// dropped and counted.
void check_notices() {
  constexpr std::uint64_t pages = 3 * limits::notices_max / 2;
  Bed bed;
  const PatternFile file({.seed = 1, .length_bytes = pages * page_bytes, .has_zeros = false});
  Client client(bed);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = page_bytes});
  EXPECT(::truncate(file.path().c_str(), 0) == 0);
  for (std::uint64_t page = 0; page < pages; ++page) {
    EXPECT(!touch_or_bus_error(mapped.page(page)));
  }
  std::size_t told = 0;
  bed.pump_until([&] {
    told += bed.forget_events();
    return told + bed.engine().events_dropped() == pages;
  });
  EXPECT(told >= limits::notices_max && told < pages);
}

}  // namespace

// A control plane that asks and asks and takes no answer is told that the engine is busy; nothing
// overflows, and everything that was accepted is answered once.
CLAIM(unread_answers_stay_bounded) {
  check_notices();
  Bed bed;
  const PatternFile file({.seed = 1, .length_bytes = 16 * page_bytes});
  const Image image = bed.add(file);
  Client client(bed);
  const Mapped mapped = client.map(image);
  engine::Engine &engine = bed.engine();

  const std::uint64_t end = mapped.address() + mapped.length_bytes;
  const auto overlapping = [&] {
    return std::make_shared<engine::Region>(plan_of(mapped, 7), image);
  };
  std::size_t accepted = 0;
  std::uint32_t request = 1000;
  for (std::size_t i = 0; i < requests_count; ++i) {
    ++request;
    switch (i % 3) {
      case 0:  // refused, for it overlaps
        accepted += engine.map(client.space, overlapping(), request);
        break;
      case 1:  // refused, for there is none
        accepted += engine.unmap(client.space, 4711, request);
        break;
      case 2:
        accepted += engine.prefault(client.space, 1, {mapped.address(), end}, request);
        break;
    }
  }

  EXPECT(accepted >= limits::commands_max && accepted < requests_count);
  std::size_t answered = 0;
  bed.pump_until([&] {
    answered += bed.forget_events();
    return answered == accepted;
  });
  // And it listens again.
  EXPECT_TEXT(bed.await(EventKind::prefaulted, client.prefault(mapped, 0, 16)).text, "");
  EXPECT_EQUAL(bed.forget_events(), 0);
  EXPECT(mapped.has_all(file.image()));
}

}  // namespace pagerd::test
