#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t parts = 4096;
constexpr std::uint64_t pages = 2 * parts;
constexpr std::size_t children_max = limits::parts_max / parts;
static_assert(children_max < limits::children_per_client_max);

pid_t fork_idle() {
  const pid_t pid = ::_Fork();
  EXPECT(pid >= 0);
  while (pid == 0) ::pause();
  return pid;
}

void end(pid_t child) {
  EXPECT(::kill(child, SIGKILL) == 0);
  EXPECT(::waitpid(child, nullptr, 0) == child);
}

}  // namespace

// Each child costs a copy of its parent's parts: beyond a bound of these one waits, as beyond the
// bound of children. One that ends makes room again.
CLAIM(children_of_too_many_parts_wait) {
  Bed bed;
  const PatternFile file({.seed = 4, .length_bytes = pages * page_bytes, .has_zeros = false});
  Client client(bed, sys::uapi::layout_features);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = 4096});
  std::vector<pid_t> children;
  const auto fork = [&](std::size_t count) {
    Crowd crowd(bed);
    crowd.add([&] {
      for (std::size_t i = 0; i < count; ++i) children.push_back(fork_idle());
    });
    crowd.join();
  };
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::uint64_t page = 1; page < pages; page += 2) {
      EXPECT(::munmap(mapped.page(page), page_bytes) == 0);
    }
  });
  crowd.join();

  fork(children_max + 1);
  const auto first = bed.await(EventKind::forked).forked;
  for (std::size_t i = 1; i < children_max; ++i) bed.await(EventKind::forked);
  bed.await(EventKind::unserved_child);
  EXPECT(!bed.has(EventKind::forked));

  end(children.front());
  children.erase(children.begin());
  bed.engine().detach(first->space);
  bed.await(EventKind::detached);
  fork(2);
  bed.await(EventKind::forked);
  bed.await(EventKind::unserved_child);
  EXPECT(!bed.has(EventKind::forked));
  for (const pid_t child : children) end(child);
}

}  // namespace pagerd::test
