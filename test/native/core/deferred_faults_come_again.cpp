// Invariant 1.
#include <poll.h>
#include <sys/mman.h>

#include "client.hpp"
#include "sys/clock.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;
using sys::monotonic_ns;

class NoDesk final : public engine::FillDesk {
 public:
  bool submit(Fill) override { return false; }
  void raise(const Fill &) override {}
};

bool is_readable(const sys::Descriptor &descriptor, int timeout_ms) {
  pollfd watched{descriptor.get(), POLLIN, 0};
  return ::poll(&watched, 1, timeout_ms) == 1 && (watched.revents & POLLIN) != 0;
}

std::unique_ptr<engine::DeferredFaults> make_deferred() {
  auto deferred = engine::DeferredFaults::create();
  EXPECT(deferred.ok());
  return deferred.take();
}

// The parts of an engine without its threads: each step is taken by hand. One thread waits for page
// 0 of a region whose client negotiated REMOVE, and its fault is read.
class Steps {
 public:
  Steps() : uffd(open_userfaultfd(sys::uapi::feature_event_remove)) {
    auto copy = sys::duplicate_descriptor(uffd.get());
    const engine::SpacePlan raising{.layout_features = 1};
    space = std::make_shared<engine::AddressSpace>(1, copy.take(), raising, outbox);
    auto image = image::Image::create(pattern.length_bytes);
    const auto served =
        std::make_shared<engine::ServedImage>(1, image.take(), std::nullopt);
    served->image().commit(0, pattern.bytes(0, pattern.pages()));
    memory = reserve_memory(pattern.length_bytes);
    register_memory(uffd, memory, pattern.length_bytes);
    const engine::RegionPlan plan{1, reinterpret_cast<std::uint64_t>(memory),
                                  pattern.length_bytes, 0, page_bytes, page_bytes};
    EXPECT(!space->add_region(std::make_shared<engine::Region>(plan, served)));
    toucher = std::thread([this] { EXPECT(pattern.matches(0, memory)); });
    EXPECT(is_readable(uffd, 10'000));
    read();
    EXPECT_EQUAL(batch.count, 1);
    // Its event is not read: until it is, nothing can be installed.
    remover = std::thread([this] {
      EXPECT(::madvise(memory + page_bytes, page_bytes, MADV_DONTNEED) == 0);
    });
    EXPECT(is_readable(uffd, 10'000));
  }

  ~Steps() {
    toucher.join();
    remover.join();
    space->close();
  }

  void read() {
    batch.clear();
    const auto held = space->lock();
    EXPECT(space->read(held, batch, worker.tally) == engine::ReadOutcome::faults);
  }

  void serve() {
    const auto held = space->lock();
    for (std::size_t i = 0; i < batch.count; ++i) {
      resolver.serve(space, *batch.faults[i].region, batch.faults[i].fault, worker);
    }
  }

  std::uint64_t count(engine::Outcome outcome) const {
    return worker.tally.outcomes[static_cast<unsigned>(outcome)].get();
  }

  const PatternImage pattern{.seed = 81, .length_bytes = 4 * page_bytes, .has_zeros = false};
  engine::Outbox outbox{64, [] {}};
  NoDesk desk;
  std::unique_ptr<engine::DeferredFaults> deferred = make_deferred();
  engine::FaultRing ring{16};
  engine::Resolver resolver{desk, *deferred, ring, outbox};
  engine::Worker worker;
  sys::Descriptor uffd;
  std::shared_ptr<engine::AddressSpace> space;
  engine::Batch batch;  // its pins end before their space does
  std::byte *memory = nullptr;
  std::thread toucher;
  std::thread remover;
};

void check_retry() {
  Steps steps;
  const std::uint64_t before_ns = monotonic_ns();
  steps.serve();
  EXPECT_EQUAL(steps.count(engine::Outcome::deferred), 1);
  EXPECT_EQUAL(steps.space->pending.count(), 1);

  // Again and again, while the event stays unread: each time the timer rings, and later.
  for (unsigned tries = 2; tries <= 6; ++tries) {
    EXPECT(is_readable(steps.deferred->timer(), 10'000));
    const auto due = steps.deferred->take_due(monotonic_ns());
    EXPECT(due.has_value());
    EXPECT(!steps.deferred->take_due(monotonic_ns()));
    EXPECT(due->due_ns <= monotonic_ns());
    EXPECT(due->fault.read_ns <= before_ns);
    EXPECT_EQUAL(due->fault.deferrals, tries - 1);
    steps.resolver.resume(steps.space, due->fault, steps.worker);
    EXPECT_EQUAL(steps.count(engine::Outcome::deferred), tries);
  }
  EXPECT(monotonic_ns() - before_ns >= (20 + 40 + 80 + 160 + 320) * 1000);

  steps.read();
  while (steps.space->pending.count() > 0) {
    EXPECT(is_readable(steps.deferred->timer(), 10'000));
    while (const auto due = steps.deferred->take_due(monotonic_ns())) {
      steps.resolver.resume(steps.space, due->fault, steps.worker);
    }
  }
  EXPECT_EQUAL(steps.count(engine::Outcome::installed), 1);
  EXPECT(!is_readable(steps.deferred->timer(), 0));
}

// No room to keep the fault in: then it goes back to the kernel, which delivers it again.
void check_overflow() {
  Steps steps;
  const std::uint64_t never_ns = monotonic_ns() + 3'600'000'000'000;
  for (std::size_t i = 0; i < limits::deferred_faults_max; ++i) {
    EXPECT(steps.deferred->add({never_ns, steps.space, {}}));
  }
  EXPECT(!steps.deferred->add({never_ns, steps.space, {}}));

  steps.serve();

  EXPECT_EQUAL(steps.space->pending.count(), 0);
  EXPECT(!steps.deferred->take_due(monotonic_ns()));
  while (steps.count(engine::Outcome::installed) == 0) {
    EXPECT(is_readable(steps.uffd, 10'000));
    steps.read();
    steps.serve();
  }
  std::size_t kept = 0;
  while (steps.deferred->take_due(never_ns)) ++kept;
  EXPECT_EQUAL(kept, limits::deferred_faults_max);
}

// Out of their order in, in their order out, each when it is due and no sooner.
void check_order() {
  const auto deferred = make_deferred();
  const std::uint64_t now_ns = monotonic_ns();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT(deferred->add({now_ns + 1 + (i * 7919) % 1000, nullptr, {}}));
  }
  EXPECT(!deferred->take_due(now_ns));
  std::uint64_t seen = 0;
  for (std::uint64_t part = 1; part <= 10; ++part) {
    while (const auto due = deferred->take_due(now_ns + part * 100)) {
      EXPECT_EQUAL(due->due_ns, now_ns + ++seen);
    }
    EXPECT_EQUAL(seen, part * 100);
  }
}

}  // namespace

CLAIM(deferred_faults_come_again) {
  check_retry();
  check_overflow();
  check_order();
}

}  // namespace pagerd::test
