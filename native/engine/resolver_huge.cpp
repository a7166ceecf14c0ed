#include "engine/huge_page.hpp"
#include "engine/resolver.hpp"

namespace pagerd::engine {

// The thread goes on when all of its page is there, so one fill after the other is waited for.
void Resolver::serve_huge_page(Served &served) {
  Fault &fault = served.fault;
  const HugePage page(served.region, fault.page());
  if (!page.is_discarded()) {
    note_touch(served, page.first(), page.end());
    while (const auto absent = page.absent()) {
      // Of a fill that has failed each page is asked for by itself: see FillerPool::disappoint().
      const bool is_alone = fault.window.bytes() < fault.page_bytes;
      const std::uint64_t end = is_alone ? absent->first + 1 : absent->end;
      const Ask answer = ask(served, {absent->state, absent->first, end}, absent->first);
      if (answer == Ask::ready) continue;
      return wait(served, answer);
    }
  }
  const std::optional<Supply> supply = page.supply(served.worker.huge_page_room);
  if (!supply) return defer(served, slow);
  const Window window = fault.page();
  conclude(served, install_window(served.space->uffd(), window, window, *supply));
}

}  // namespace pagerd::engine
