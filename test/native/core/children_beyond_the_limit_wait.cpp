#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 4;
constexpr int read_right = 40;

}  // namespace

// A child that nobody serves blocks at a page that is missing: it never reads zeros. Its parent,
// and the children before it, are served as ever.
CLAIM(children_beyond_the_limit_wait) {
  Bed bed;
  const PatternFile file({.seed = 4, .length_bytes = pages * page_bytes, .has_zeros = false});
  const PatternImage &pattern = file.image();
  Client client(bed, sys::uapi::layout_features);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = 4096});
  int gate[2];
  int passed[2];
  EXPECT(::pipe(gate) == 0 && ::pipe(passed) == 0);
  std::vector<pid_t> children;
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::size_t i = 0; i <= limits::children_per_client_max; ++i) {
      // Its handlers would hold the allocator's locks until the event is read, by us.
      const pid_t pid = ::_Fork();
      EXPECT(pid >= 0);
      if (pid == 0) {
        char token = 0;
        if (::read(gate[0], &token, 1) != 1) ::_exit(1);
        const bool is_right = mapped.has(pattern, 2);
        if (::write(passed[1], &token, 1) != 1) ::_exit(1);
        ::_exit(is_right ? read_right : 1);
      }
      children.push_back(pid);
    }
  });
  crowd.join();

  bed.await(EventKind::unserved_child);
  const std::string tokens(children.size(), 'x');
  EXPECT(::write(gate[1], tokens.data(), tokens.size()) == static_cast<ssize_t>(tokens.size()));
  for (std::size_t i = 0; i + 1 < children.size(); ++i) {
    int status = 0;
    EXPECT(::waitpid(children[i], &status, 0) == children[i]);
    EXPECT_EQUAL(WEXITSTATUS(status), read_right);
  }

  // It alone has not come past its page, and nothing but a signal ends it.
  EXPECT(::waitpid(children.back(), nullptr, WNOHANG) == 0);
  EXPECT(mapped.has(pattern, 2));
  EXPECT(::kill(children.back(), SIGKILL) == 0);
  int status = 0;
  EXPECT(::waitpid(children.back(), &status, 0) == children.back());
  EXPECT(WIFSIGNALED(status));
}

}  // namespace pagerd::test
