// Invariant 2.
#include "client.hpp"
#include "engine/rescue.hpp"
#include "sys/clock.hpp"

namespace pagerd::test {

namespace {

using sys::monotonic_ns;
using sys::page_bytes;

constexpr PatternImage pattern{.seed = 93, .length_bytes = 8 * page_bytes, .has_zeros = false};

// Of two that wait for a source, the one that waits for too long.
void check_who_waits_for_a_source() {
  Bed bed;
  bed.holds_fills = true;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = page_bytes});
  Crowd older(bed);
  older.add([&] { EXPECT(!touch_or_bus_error(mapped.page(1))); });
  bed.pump_until([&] { return bed.held.size() == 1; });
  const std::uint64_t between_ns = monotonic_ns();
  Crowd younger(bed);
  younger.add([&] { EXPECT(mapped.has(pattern, 6)); });
  bed.pump_until([&] { return bed.held.size() == 2; });

  EXPECT(bed.engine().give_up(client.space, between_ns, "it takes too long"));
  const Event poisoned = bed.await(EventKind::poisoned);
  EXPECT_EQUAL(poisoned.space, client.space->id());
  EXPECT_EQUAL(poisoned.offset_bytes, page_bytes);
  EXPECT_TEXT(poisoned.text, "it takes too long");
  older.join();
  EXPECT_EQUAL(client.space->pending.count(), 1);
  EXPECT(!younger.is_done());

  // The bytes that come after all have nobody to go to but the other.
  bed.answer_held();
  younger.join();
  EXPECT_EQUAL(client.space->tally.pages_poisoned.get(), 1);
  EXPECT(!bed.has(EventKind::poisoned));
}

class NoDesk final : public engine::FillDesk {
 public:
  bool submit(Fill) override { return false; }
  void raise(const Fill &) override {}
};

// No room for its fill, so that it is tried again; taken from the heap by hand.
void check_who_is_tried_again() {
  engine::Outbox outbox(64, [] {});
  NoDesk desk;
  auto created = engine::DeferredFaults::create();
  EXPECT(created.ok());
  const auto deferred = created.take();
  engine::FaultRing ring(16);
  engine::Resolver resolver(desk, *deferred, ring, outbox);
  engine::Rescue rescue(resolver, *deferred, outbox);
  engine::Worker worker;
  const sys::Descriptor uffd = open_userfaultfd(0);
  auto copy = sys::duplicate_descriptor(uffd.get());
  const engine::SpacePlan calm;
  const auto space = std::make_shared<engine::AddressSpace>(1, copy.take(), calm, outbox);
  auto image = image::Image::create(pattern.length_bytes);
  const auto served = std::make_shared<engine::ServedImage>(1, image.take(), std::nullopt);
  std::byte *const memory = reserve_memory(pattern.length_bytes);
  register_memory(uffd, memory, pattern.length_bytes);
  const auto address = reinterpret_cast<std::uint64_t>(memory);
  const engine::RegionPlan plan{1, address, pattern.length_bytes, 0, page_bytes, page_bytes};
  EXPECT(!space->add_region(std::make_shared<engine::Region>(plan, served)));

  const engine::Fault fault{.address = address, .read_ns = monotonic_ns()};
  resolver.resume(space, fault, worker);
  EXPECT(deferred->has(*space, address));
  EXPECT(space->pending.oldest().place == engine::Place::deferred);
  EXPECT_EQUAL(worker.in_hand.space(), 0);

  rescue.give_up(space, monotonic_ns() + 1, "it takes too long", worker);
  EXPECT(!deferred->has(*space, address));
  EXPECT_EQUAL(space->pending.count(), 0);
  EXPECT(!touch_or_bus_error(memory));
  EXPECT(!deferred->take_due(monotonic_ns() + 1'000'000'000));
  space->close();
}

}  // namespace

CLAIM(given_up_faults_are_poison) {
  check_who_waits_for_a_source();
  check_who_is_tried_again();
}

}  // namespace pagerd::test
