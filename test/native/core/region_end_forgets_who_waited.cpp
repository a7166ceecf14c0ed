#include <setjmp.h>
#include <signal.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

thread_local sigjmp_buf before_wait;

// Waits for a page until a signal takes the thread out of it, as a time limit would.
void wait_until_signalled(const std::byte *memory) {
  struct sigaction action {};
  action.sa_handler = [](int) { ::siglongjmp(before_wait, 1); };
  EXPECT(::sigaction(SIGUSR1, &action, nullptr) == 0);
  if (sigsetjmp(before_wait, 1) == 0) touch(memory);
}

}  // namespace

// A region ends while its source hangs. Who waited for it is no reason to let wait who touches the
// same address in the region that comes next.
CLAIM(region_end_forgets_who_waited) {
  constexpr std::uint64_t pages = 256;
  Bed bed;
  bed.holds_fills = true;
  const PatternImage hanging{.seed = 1, .length_bytes = pages * page_bytes, .has_zeros = false};
  const PatternFile whole({.seed = 2, .length_bytes = pages * page_bytes, .has_zeros = false});
  Client client(bed);
  std::byte *const memory = reserve_memory(pages * page_bytes);
  register_memory(client.uffd, memory, pages * page_bytes);
  const Image first = bed.add(hanging);
  const Mapped mapped = client.map(first, {.window_bytes = 4096, .address = memory});
  std::thread waiter([&] { wait_until_signalled(memory + page_bytes); });
  const std::uint32_t prefault = client.prefault(mapped, 128, 64);
  bed.pump_until([&] { return bed.held.size() > 1 && client.space->pending.count() == 1; });
  ::pthread_kill(waiter.native_handle(), SIGUSR1);
  waiter.join();

  client.retire(mapped);

  EXPECT(bed.await(EventKind::prefaulted, prefault).text == "the region has ended");
  EXPECT_EQUAL(client.space->pending.count(), 0);
  EXPECT_EQUAL(client.space->pending.oldest().since_ns, 0);
  const Mapped next = client.map(bed.add(whole), {.window_bytes = 4096, .address = memory});
  EXPECT(next.has(whole.image(), 1));
  // The late answer finds nobody.
  bed.answer_held();
  bed.pump_until([&] { return first->fills.get() == bed.fills_asked; });
  EXPECT(next.has_all(whole.image()));
}

}  // namespace pagerd::test
