#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 4;
constexpr int read_right = 40;

struct Gate {
  Gate() { EXPECT(::pipe(ends) == 0); }
  void let_in(std::size_t count) {
    const std::string tokens(count, 'x');
    EXPECT(::write(ends[1], tokens.data(), count) == static_cast<ssize_t>(count));
  }
  bool pass() const {
    char token = 0;
    return ::read(ends[0], &token, 1) == 1;
  }
  int ends[2] = {};
};

struct Scene {
  // Once the gate is open, it tells by its end whether that page is right. Its handlers would hold
  // the allocator's locks until the event is read, by us.
  pid_t fork_reader(std::uint64_t page) const {
    const pid_t pid = ::_Fork();
    EXPECT(pid >= 0);
    if (pid == 0) ::_exit(gate.pass() && mapped.has(pattern, page) ? read_right : 1);
    return pid;
  }

  Bed &bed;
  const PatternImage &pattern;
  const Mapped mapped;
  Gate gate{};
};

void expect_served(pid_t child) {
  int status = 0;
  EXPECT(::waitpid(child, &status, 0) == child);
  EXPECT_EQUAL(WEXITSTATUS(status), read_right);
}

// It has not come past its page, and nothing but a signal ends it.
void expect_waiting(pid_t child) {
  int status = 0;
  EXPECT(::waitpid(child, nullptr, WNOHANG) == 0);
  EXPECT(::kill(child, SIGKILL) == 0);
  EXPECT(::waitpid(child, &status, 0) == child);
  EXPECT(WIFSIGNALED(status));
}

// Two forks, of which only the first has room.
void check_room_for_one(Scene &scene) {
  pid_t children[2];
  Crowd crowd(scene.bed);
  crowd.add([&] {
    for (pid_t &child : children) child = scene.fork_reader(3);
  });
  crowd.join();
  scene.bed.await(EventKind::unserved_child);
  scene.gate.let_in(2);
  expect_served(children[0]);
  expect_waiting(children[1]);
}

}  // namespace

// A child that nobody serves blocks at a page that is missing: it never reads zeros. Its parent,
// and the children before it, are served as ever; and one of these that has ended makes room.
CLAIM(children_beyond_the_limit_wait) {
  Bed bed;
  const PatternFile file({.seed = 4, .length_bytes = pages * page_bytes, .has_zeros = false});
  Client client(bed, sys::uapi::layout_features);
  Scene scene{bed, file.image(), client.map(bed.add(file), {.window_bytes = 4096})};
  std::vector<pid_t> children;
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::size_t i = 0; i <= limits::children_per_client_max; ++i) {
      children.push_back(scene.fork_reader(2));
    }
  });
  crowd.join();

  bed.await(EventKind::unserved_child);
  scene.gate.let_in(children.size());
  for (std::size_t i = 0; i + 1 < children.size(); ++i) expect_served(children[i]);
  expect_waiting(children.back());
  EXPECT(scene.mapped.has(scene.pattern, 2));

  const auto ended = bed.await(EventKind::forked).forked;
  bed.engine().detach(ended->space);
  bed.await(EventKind::detached);
  check_room_for_one(scene);
}

}  // namespace pagerd::test
