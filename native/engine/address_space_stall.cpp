#include "engine/address_space.hpp"

#include "sys/page.hpp"
#include "sys/uffd.hpp"

// What happens while nobody may enter a space.
namespace pagerd::engine {

void AddressSpace::set_aside(sys::Epoll &set) {
  if (!try_hold()) return;
  lacks_watch_.store(true);
  set.remove(uffd_);
  // Should it have gone on since, nobody else will come to add it.
  if (!is_stalled()) retry_watch();
  drop_hold();
}

void AddressSpace::leave_to_kernel(Window page) {
  tally.count(Outcome::deferred);
  // Should it have gone on since, who wakes everybody has been.
  if (!is_stalled()) wake_page(page);
}

void AddressSpace::go_on_after_stall() {
  const Guard held = lock();
  if (!is_read()) return;
  if (!is_paused_.load() || has_layout_events()) add_to_sets();
  for (const auto &region : regions_.all()) {
    PAGERD_CHECK(sys::uffd_wake(uffd_.get(), region->start(), region->end() - region->start()));
  }
}

}  // namespace pagerd::engine
