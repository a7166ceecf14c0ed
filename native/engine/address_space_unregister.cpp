#include <cstring>

#include "engine/address_space.hpp"
#include "sys/page.hpp"
#include "sys/uapi.hpp"
#include "sys/uffd.hpp"

// How a client comes to depend on nobody.
namespace pagerd::engine {

namespace {

std::string of_region(const RegionLife &life) { return "region " + std::to_string(life.id()); }

Window range_of(const RegionLife &life) {
  const std::uint64_t start = life.address.load();
  return {start, start + life.pages() * sys::page_bytes};
}

}  // namespace

// What is missing when nobody serves it any more is zeros. So every page has to be there, or be
// zeros already, and stay that whatever the client does: only one that has to tell what it discards
// is known to have all, and only of one whose discards are zeros it makes no difference which of
// them was read by then.
std::string AddressSpace::why_not_whole() const {
  if (is_closed_ || is_broken_) return "the session has ended";
  if (past_ || is_held_back_) return "its regions are not mapped yet";
  if (layout_features_ == 0) return "its userfaultfd does not tell which pages it discards";
  if (is_child_ || layout_features_ != sys::uapi::feature_event_remove) {
    return "its userfaultfd is of one that may fork, unmap or move its memory";
  }
  for (const auto &part : regions_.all()) {
    if (part->backing() == Backing::anonymous) continue;
    return of_region(*part->life()) + " shows the image's own pages";
  }
  for (const auto &[id, life] : regions_.lives()) {
    if (life->on_discard() != OnDiscard::zeros) {
      return "pages discarded in " + of_region(*life) + " are the image's again";
    }
    if (!life->is_whole()) return "not every page is in " + of_region(*life);
  }
  if (tally.pages_poisoned.get() > 0) return "some of its pages could not be had, and are poison";
  return "";
}

std::string AddressSpace::unregister(const Guard &held) {
  PAGERD_CHECK(held.owns_lock());
  std::string reason = why_not_whole();
  if (!reason.empty()) return reason;
  is_unregistered_ = true;
  for (const auto &[id, life] : regions_.lives()) {
    const Window range = range_of(*life);
    const auto done = sys::uffd_unregister(uffd_.get(), range.start, range.bytes());
    if (done.ok()) continue;
    return of_region(*life) + " cannot be unregistered: " + std::strerror(done.error().code);
  }
  return "";
}

// The kernel counts a discard from before its thread begins to wait, and until it has gone on. What
// is unregistered raises no more of them.
bool AddressSpace::is_changing(const Guard &held) const {
  PAGERD_CHECK(held.owns_lock());
  if (is_closed_ || regions_.lives().empty()) return false;
  const std::uint64_t start = range_of(*regions_.lives().begin()->second).start;
  return sys::uffd_probe(uffd_.get(), start, sys::page_bytes) == sys::Probe::changing;
}

}  // namespace pagerd::engine
