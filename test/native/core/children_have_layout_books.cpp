// Invariant 16.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "survivor.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 256;

// What a child found, as its exit status.
enum Verdict { right = 40, wrong_bytes, wrong_zeros, failed };

struct Gate {
  Gate() { EXPECT(::pipe(ends) == 0); }
  void open() { EXPECT(::write(ends[1], "", 1) == 1); }
  bool wait() const {
    char byte = 0;
    return ::read(ends[0], &byte, 1) == 1;
  }
  int ends[2] = {};
};

// After a fork, with the engine that it forked under gone. 3 and 80 to 99: its parent's; 5: its
// own; 9: its parent's, later.
Verdict verdict_on(const Survivor &client, const PatternImage &pattern) {
  for (std::uint64_t page = 0; page < pages; ++page) {
    const bool is_discarded = page == 3 || page == 5 || (page >= 80 && page < 100);
    if (is_discarded && !is_zero(client.page(page))) return wrong_zeros;
    if (!is_discarded && !pattern.matches(page, client.page(page))) return wrong_bytes;
  }
  return right;
}

}  // namespace

// A forked child's is a copy of its parent's, and its own from then on.
CLAIM(children_have_layout_books) {
  const PatternFile file({.seed = 51, .length_bytes = pages * page_bytes, .has_zeros = false});
  Survivor client(file.image().length_bytes);
  Gate told;
  Gate gone;
  pid_t pid = -1;
  sys::Descriptor uffd;
  sys::Descriptor book;
  sys::Descriptor parents;
  {
    Bed bed;
    client.begin(bed, bed.add(file));
    Crowd crowd(bed);
    crowd.add([&] {
      EXPECT(discard_pages(client.page(3), 1) && discard_pages(client.page(80), 20));
      // Without the handlers of fork(): who is to read the event is in this process too.
      pid = ::_Fork();
      if (pid == 0) {
        const bool is_done = discard_pages(client.page(5), 1);
        told.open();
        ::_exit(is_done && gone.wait() ? verdict_on(client, file.image()) : failed);
      }
      EXPECT(discard_pages(client.page(9), 1));
      EXPECT(told.wait());
    });
    crowd.join();
    const auto child = bed.await(EventKind::forked).forked;
    // Stay open when it leaves.
    uffd = sys::Descriptor(child->space->uffd());
    book = sys::Descriptor(child->space->book()->descriptor());
    parents = sys::Descriptor(client.space->book()->descriptor());
    bed.engine().leave_children();
  }
  EXPECT(adopt_book(parents).has_value());
  Bed bed;
  auto adopted = adopt_book(book);
  EXPECT(adopted.has_value());
  client.space = bed.engine().adopt(std::move(uffd), sys::uapi::layout_features, -1,
                                    std::move(*adopted), engine::Engine::Kin::child);
  bed.await(EventKind::mapped, client.ask_to_map(bed, bed.add(file)));
  EXPECT(bed.engine().end_past(client.space));
  gone.open();
  int status = 0;
  bed.pump_until([&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
  EXPECT(WIFEXITED(status));
  EXPECT_EQUAL(WEXITSTATUS(status), right);
  EXPECT(bed.engine().look_for_life(client.space));
  EXPECT_EQUAL(bed.await(EventKind::gone).space, client.space->id());
}

}  // namespace pagerd::test
