#include "engine/install.hpp"

#include "sys/check.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

using sys::Install;
using sys::page_bytes;

namespace {

sys::InstallResult install_range(int uffd, Window range, const std::byte *source) {
  return source == nullptr ? sys::uffd_zeropage(uffd, range.start, range.bytes())
                           : sys::uffd_copy(uffd, range.start, source, range.bytes());
}

}  // namespace

Installed install_window(int uffd, Window window, std::uint64_t fault_address,
                         const std::byte *source) {
  PAGERD_CHECK(window.start <= fault_address && fault_address < window.end);
  const Window whole = window;
  std::uint64_t pages = 0;
  // The whole window; failing that from the faulting page on; failing that the page alone. Each
  // pass shrinks the window, so there are at most four.
  for (;;) {
    const auto *from = source == nullptr ? nullptr : source + (window.start - whole.start);
    const auto result = install_range(uffd, window, from);
    pages += result.installed_bytes / page_bytes;
    const std::uint64_t reached = window.start + result.installed_bytes;
    switch (result.outcome) {
      case Install::installed:
        return {Install::installed, pages, 0};
      case Install::partial:
        if (reached > fault_address) return {Install::installed, pages, 0};
        break;  // a page before the faulting one is present
      case Install::already_present:
        if (window.start == fault_address) {
          // Whoever installed it may have done so without waking anybody.
          PAGERD_CHECK(sys::uffd_wake(uffd, fault_address, page_bytes));
          return {Install::already_present, pages, 0};
        }
        break;
      case Install::unmapped:
        // The window reaches beyond what is one mapping of the client; the page itself may be fine.
        if (window.bytes() == page_bytes) return {Install::unmapped, pages, result.code};
        window = {fault_address, fault_address + page_bytes};
        continue;
      default:
        return {result.outcome, pages, result.code};
    }
    window.start = fault_address;
  }
}

}  // namespace pagerd::engine
