#include "engine/install.hpp"

#include "sys/check.hpp"
#include "sys/memory.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

using sys::Install;
using sys::page_bytes;

Supply Supply::copied_zeros() {
  static const sys::Mapping zeros = [] {
    auto made = sys::Mapping::anonymous(sys::huge_page_bytes);
    PAGERD_CHECK(made.ok());
    return made.take();
  }();
  return Supply(Means::copy_of_zeros, zeros.data());
}

sys::InstallResult Supply::install(int uffd, Window range) const {
  switch (means_) {
    case Means::copy:
    case Means::copy_of_zeros:
      return sys::uffd_copy(uffd, range.start, bytes_, range.bytes());
    case Means::zeropage:
      return sys::uffd_zeropage(uffd, range.start, range.bytes());
    case Means::continue_file:
      break;
  }
  return sys::uffd_continue(uffd, range.start, range.bytes());
}

void Supply::count(PageCounts &counts, std::uint64_t pages) const {
  switch (means_) {
    case Means::copy:
      counts.copied += pages;
      return;
    case Means::zeropage:
    case Means::copy_of_zeros:
      counts.zeroed += pages;
      return;
    case Means::continue_file:
      counts.continued += pages;
  }
}

Installed install_window(int uffd, Window window, Window faulting, Supply supply) {
  PAGERD_CHECK(window.start <= faulting.start && faulting.end <= window.end);
  const Window whole = window;
  PageCounts pages;
  // The whole window; failing that from the faulting page on; failing that the page alone. Each
  // pass shrinks the window, so there are at most four.
  for (;;) {
    const auto result = supply.after(window.start - whole.start).install(uffd, window);
    supply.count(pages, result.installed_bytes / page_bytes);
    const std::uint64_t reached = window.start + result.installed_bytes;
    switch (result.outcome) {
      case Install::installed:
        return {Install::installed, pages, 0};
      case Install::partial:
        if (reached > faulting.start) return {Install::installed, pages, 0};
        break;  // a page before the faulting one is present
      case Install::already_present:
        if (window.start == faulting.start) {
          // Whoever installed it may have done so without waking anybody.
          PAGERD_CHECK(sys::uffd_wake(uffd, faulting.start, faulting.bytes()));
          return {Install::already_present, pages, 0};
        }
        break;
      case Install::unmapped:
      case Install::hole:
        // The window reaches beyond what is one mapping of the client, or into a hole of its file;
        // the page itself may be fine.
        if (window.bytes() == faulting.bytes()) return {result.outcome, pages, result.code};
        window = faulting;
        continue;
      default:
        return {result.outcome, pages, result.code};
    }
    window.start = faulting.start;
  }
}

Installed install_written_page(int uffd, Window window, Window faulting, const std::byte *page) {
  Installed done = install_window(uffd, faulting, faulting, Supply::copy_of(page));
  if (done.outcome != Install::installed) return done;
  // A favour to later faults: whatever these come to, each page of them faults if it is missing.
  const Supply neighbours = Supply::file_pages();
  const Window before{window.start, faulting.start};
  const Window behind{faulting.end, window.end};
  for (const Window side : {before, behind}) {
    if (side.bytes() == 0) continue;
    const auto result = neighbours.install(uffd, side);
    neighbours.count(done.pages, result.installed_bytes / page_bytes);
  }
  return done;
}

}  // namespace pagerd::engine
