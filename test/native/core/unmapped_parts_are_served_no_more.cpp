#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 64;
constexpr std::uint64_t features =
    sys::uapi::feature_event_remove | sys::uapi::feature_event_unmap;

thread_local sigjmp_buf before_wait;

// True when there was a page; false when there was no mapping any more.
bool can_touch(const std::byte *memory) {
  struct sigaction action {};
  action.sa_handler = [](int) { ::siglongjmp(before_wait, 1); };
  EXPECT(::sigaction(SIGSEGV, &action, nullptr) == 0);
  if (sigsetjmp(before_wait, 1) != 0) return false;
  touch(memory);
  return true;
}

// The kernel's rest of a region is served as before, and what was cut out of it may be another's.
void check_middle(Bed &bed, const PatternFile &file, const PatternFile &other) {
  Client client(bed, features);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = 65536});
  EXPECT(::munmap(mapped.page(20), 10 * page_bytes) == 0);
  // The call returns when its event was read; what it says is applied a moment later.
  bed.pump_until([&] { return mapped.region->life()->parts.load() == 2; });

  void *again = ::mmap(mapped.page(22), 4 * page_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  EXPECT(again == mapped.page(22));
  register_memory(client.uffd, again, 4 * page_bytes);
  const Mapped inner = client.map(bed.add(other), {.length_bytes = 4 * page_bytes,
                                                   .address = mapped.page(22)});

  EXPECT(inner.has_all(other.image()));
  for (std::uint64_t page = 0; page < pages; ++page) {
    if (page < 20 || page >= 30) EXPECT(mapped.has(file.image(), page));
  }
  client.retire(mapped);
  EXPECT(inner.has_all(other.image()));
}

// Who waited for a page that is unmapped by another thread is let go, and crashes as it would
// without us. So is who waits for one that is moved away.
void check_waiters(Bed &bed, bool is_moved) {
  bed.holds_fills = true;
  const PatternImage hanging{.seed = 3, .length_bytes = pages * page_bytes, .has_zeros = false};
  Client client(bed, features | sys::uapi::feature_event_remap);
  const Mapped mapped = client.map(bed.add(hanging), {.window_bytes = 4096});
  std::atomic<bool> was_there{true};
  std::thread waiter([&] { was_there.store(can_touch(mapped.page(9))); });
  bed.pump_until([&] { return bed.held.size() == 1 && client.space->pending.count() == 1; });

  std::byte *to = mapped.start;
  if (is_moved) {
    to = reserve_memory(pages * page_bytes);
    void *moved = ::mremap(mapped.start, pages * page_bytes, pages * page_bytes,
                           MREMAP_MAYMOVE | MREMAP_FIXED, to);
    EXPECT(moved == to);
  } else {
    EXPECT(::munmap(mapped.page(8), 8 * page_bytes) == 0);
  }
  waiter.join();

  EXPECT(!was_there.load());
  bed.pump_until([&] { return client.space->pending.count() == 0; });
  bed.holds_fills = false;
  bed.answer_held();
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(hanging.matches(30, to + 30 * page_bytes)); });
  crowd.join();
}

// A region of which everything was unmapped can still be taken leave of.
void check_all(Bed &bed, const PatternFile &file) {
  Client client(bed, features);
  const Mapped mapped = client.map(bed.add(file));
  EXPECT(::munmap(mapped.start, pages * page_bytes) == 0);
  bed.pump_until([&] { return mapped.region->life()->parts.load() == 0; });
  const std::uint32_t prefault = client.prefault(mapped, 0, pages);
  EXPECT_TEXT(bed.await(EventKind::prefaulted, prefault).text, "the region has ended");
  client.retire(mapped);
}

}  // namespace

CLAIM(unmapped_parts_are_served_no_more) {
  Bed bed;
  const PatternFile file({.seed = 1, .length_bytes = pages * page_bytes, .has_zeros = false});
  const PatternFile other({.seed = 2, .length_bytes = pages * page_bytes, .has_zeros = false});
  check_middle(bed, file, other);
  check_all(bed, file);
  check_waiters(bed, false);
  check_waiters(bed, true);
}

}  // namespace pagerd::test
