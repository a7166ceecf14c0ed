// Invariant 1.
#include <dlfcn.h>
#include <sys/epoll.h>

#include <cerrno>

#include "small_threads.hpp"
#include "sys/process.hpp"

namespace {

// How many additions to an epoll set still succeed; below zero: all.
std::atomic<int> additions_left{-1};

}  // namespace

// In place of the C library's, for this program: max_user_watches is the whole machine's.
extern "C" int epoll_ctl(int set, int operation, int descriptor, epoll_event *event) noexcept {
  using Function = int (*)(int, int, int, epoll_event *);
  static const auto original = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "epoll_ctl"));
  if (operation == EPOLL_CTL_ADD && additions_left.load() >= 0) {
    if (additions_left.load() == 0) {
      errno = ENOSPC;
      return -1;
    }
    additions_left.fetch_sub(1);
  }
  return original(set, operation, descriptor, event);
}

namespace pagerd::test {

namespace {

using sys::page_bytes;

std::uint64_t unread_of(const Client &client) {
  auto waiters = sys::fault_waiters(client.uffd.get());
  EXPECT(waiters.ok());
  return waiters.value().unread;
}

// No fault thread watches it at first.
void check_a_new_space() {
  constexpr PatternImage pattern{.seed = 94, .length_bytes = 8 * page_bytes, .has_zeros = false};
  Bed bed;
  additions_left.store(0);
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern));
  EXPECT(client.space->lacks_watch());
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(mapped.has(pattern, 3)); });
  bed.pump_until([&] { return unread_of(client) == 1; });

  EXPECT(bed.engine().wake(client.space, 0));
  client.map(bed.add(pattern));
  // Commands are carried out in order: it was tried, and still there is no room.
  EXPECT(client.space->lacks_watch() && !crowd.is_done());

  additions_left.store(1);
  EXPECT(bed.engine().wake(client.space, 0));
  crowd.join();
  EXPECT(client.space->lacks_watch());

  additions_left.store(-1);
  EXPECT(bed.engine().wake(client.space, 0));
  bed.pump_until([&] { return !client.space->lacks_watch(); });
}

// One that was not read for its many pending faults, when it goes on.
void check_a_paused_space() {
  constexpr std::size_t touchers_count = 1200;
  constexpr PatternImage pattern{
      .seed = 95, .length_bytes = touchers_count * page_bytes, .has_zeros = false};
  Bed bed;
  bed.holds_fills = true;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = page_bytes});
  SmallThreads touchers(touchers_count, mapped, pattern);
  bed.pump_until([&] {
    return client.space->pending.count() > limits::pending_faults_max - limits::batch_faults_max;
  });
  additions_left.store(0);
  bed.holds_fills = false;
  bed.answer_held();
  bed.pump_until([&] { return client.space->lacks_watch() && client.space->pending.count() == 0; });
  EXPECT(!touchers.are_done());

  additions_left.store(-1);
  EXPECT(bed.engine().wake(client.space, 0));
  bed.pump_until([&] { return touchers.are_done(); });
}

}  // namespace

CLAIM(failed_watches_are_tried_again) {
  check_a_new_space();
  check_a_paused_space();
}

}  // namespace pagerd::test
