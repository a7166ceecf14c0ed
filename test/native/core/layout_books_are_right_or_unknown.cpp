// Invariant 16.
#include <sched.h>

#include "engine/discarded_pages.hpp"
#include "survivor.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 20'000;
constexpr std::uint64_t right_min = 20;

// Whether the book would tell the next engine of the page, if this one were killed now. Nothing
// where it says that it is unknown.
std::optional<bool> tells_of(const sys::Descriptor &memfd, std::uint64_t page,
                             std::uint64_t address) {
  const auto adopted = adopt_book(memfd);
  if (!adopted) return std::nullopt;
  // It is another's: what is looked at here stays there.
  adopted->book->leave();
  for (const uffd_msg &message : adopted->past.unapplied) {
    if (message.event == UFFD_EVENT_REMOVE && message.arg.remove.start == address) return true;
  }
  const engine::PastRegion &region = adopted->past.regions.at(1);
  if (region.words_at == 0) return false;
  const auto discarded = engine::DiscardedPages::open(
      pages, engine::LayoutBook::words_of(adopted->book), region.words_at);
  return discarded->has(page);
}

void stay_on_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  EXPECT(::sched_setaffinity(0, sizeof set, &set) == 0);
}

}  // namespace

// The kernel lets a client go on the moment that its event is read, before anybody knows what was
// read. Killed then, the engine leaves a book that is unknown; never one that misses something.
CLAIM(layout_books_are_right_or_unknown) {
  const PatternImage pattern{.seed = 5, .length_bytes = pages * page_bytes, .has_zeros = false};
  Survivor client(pattern.length_bytes);
  Bed bed;
  client.begin(bed, bed.add(pattern));
  const sys::Descriptor book = client.keep_book();
  std::uint64_t right = 0;
  Crowd crowd(bed);
  crowd.add([&] {
    stay_on_cpu(bed.engine().loops().front()->cpu());
    for (std::uint64_t page = 0; page < pages; ++page) {
      EXPECT(discard_pages(client.page(page), 1));
      const auto tells = tells_of(book, page, reinterpret_cast<std::uint64_t>(client.page(page)));
      EXPECT(tells.value_or(true));
      if (tells) ++right;
    }
  });
  crowd.join();
  EXPECT(right >= right_min);
}

}  // namespace pagerd::test
