#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "claim.hpp"
#include "engine/fault_ring.hpp"

namespace pagerd::test {

namespace {

using engine::FaultRecord;
using engine::FaultRing;

// Every field tells the same number, so that one of another record shows.
FaultRecord record_of(std::uint64_t number) {
  const auto small = static_cast<std::uint32_t>(number);
  return {.sequence = 0,
          .finished_ns = number,
          .service_ns = number,
          .space = number,
          .address = number,
          .image_offset_bytes = number,
          .region = small,
          .image = small,
          .pages = small,
          .kind = engine::FaultKind::missing,
          .outcome = engine::Outcome::installed,
          .thread = static_cast<std::uint8_t>(number),
          .has_waited_for_fill = number % 2 == 1};
}

void expect_whole(const FaultRecord &record) {
  const std::uint64_t number = record.finished_ns;
  EXPECT(record.service_ns == number && record.space == number && record.address == number);
  EXPECT(record.image_offset_bytes == number);
  const auto small = static_cast<std::uint32_t>(number);
  EXPECT(record.region == small && record.image == small && record.pages == small);
  EXPECT(record.thread == static_cast<std::uint8_t>(number));
  EXPECT(record.has_waited_for_fill == (number % 2 == 1));
}

std::atomic<bool> is_over{false};

// Makes this thread take a trap after each instruction, so that it is overtaken anywhere in a
// write. Without a trap flag, or where a sanitizer keeps signals for later, that is left to chance.
void slow_down_this_thread() {
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t *, void *context) {
    constexpr greg_t trap_flag = 0x100;
    greg_t &flags = static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_EFL];
    flags = is_over.load() ? flags & ~trap_flag : flags | trap_flag;
  };
  action.sa_flags = SA_SIGINFO;
  EXPECT(::sigaction(SIGTRAP, &action, nullptr) == 0);
  ::raise(SIGTRAP);
#endif
}

// Writers lap each other all the time in a ring that has room for two.
void check_writers() {
  FaultRing ring(2);
  std::vector<std::thread> threads;
  for (std::uint64_t writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      if (writer == 0) slow_down_this_thread();
      for (std::uint64_t i = 0; !is_over.load(); ++i) ring.write(record_of(i * 3 + writer));
    });
  }
  std::uint64_t seen = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
  while (std::chrono::steady_clock::now() < end) {
    std::uint64_t before = 0;
    for (const FaultRecord &record : ring.read_after(0, 2)) {
      expect_whole(record);
      EXPECT(record.sequence > before);
      before = record.sequence;
      ++seen;
    }
  }
  is_over.store(true);
  for (std::thread &thread : threads) thread.join();
  EXPECT(seen > 0);
}

std::vector<std::uint64_t> numbers(const FaultRing &ring, std::uint64_t after, std::size_t max) {
  std::vector<std::uint64_t> found;
  for (const FaultRecord &record : ring.read_after(after, max)) {
    EXPECT_EQUAL(record.sequence, record.finished_ns);
    found.push_back(record.sequence);
  }
  return found;
}

void check_reading() {
  using Numbers = std::vector<std::uint64_t>;
  FaultRing ring(8);
  EXPECT(numbers(ring, 0, 8).empty());
  for (std::uint64_t number = 1; number <= 5; ++number) ring.write(record_of(number));
  EXPECT((numbers(ring, 0, 8) == Numbers{1, 2, 3, 4, 5}));
  EXPECT((numbers(ring, 0, 2) == Numbers{4, 5}));
  EXPECT((numbers(ring, 2, 2) == Numbers{3, 4}));
  EXPECT(numbers(ring, 5, 8).empty());
  EXPECT(numbers(ring, 500, 8).empty());
  for (std::uint64_t number = 6; number <= 20; ++number) ring.write(record_of(number));
  EXPECT((numbers(ring, 0, 100) == Numbers{13, 14, 15, 16, 17, 18, 19, 20}));
  EXPECT((numbers(ring, 3, 3) == Numbers{13, 14, 15}));
}

}  // namespace

CLAIM(fault_ring_is_never_torn) {
  check_reading();
  check_writers();
}

}  // namespace pagerd::test
