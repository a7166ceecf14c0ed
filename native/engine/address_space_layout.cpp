#include "engine/address_space.hpp"

#include <linux/userfaultfd.h>

#include <algorithm>

#include "engine/served_image.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/page.hpp"
#include "sys/uapi.hpp"
#include "sys/uffd.hpp"

// What clients do to their own address space, as it reaches us through the userfaultfd.
namespace pagerd::engine {

std::string AddressSpace::apply(const uffd_msg &message) {
  switch (message.event) {
    case UFFD_EVENT_REMOVE:
      return change_layout(
          {LayoutKind::remove, {message.arg.remove.start, message.arg.remove.end}});
    case UFFD_EVENT_UNMAP:
      return change_layout(
          {LayoutKind::unmap, {message.arg.remove.start, message.arg.remove.end}});
    case UFFD_EVENT_REMAP: {
      const auto &remap = message.arg.remap;
      return change_layout({LayoutKind::remap, {remap.from, remap.from + remap.len}, remap.to});
    }
    case UFFD_EVENT_FORK:
      return adopt(sys::Descriptor(static_cast<int>(message.arg.fork.ufd)));
    default:
      break;
  }
  return "it raises event " + std::to_string(message.event) + ", which was not negotiated with us";
}

std::string AddressSpace::change_layout(const LayoutEvent &event) {
  if (event.kind == LayoutKind::remap && regions_.is_owed(event.range)) {
    return "two of its threads have moved memory to and from the same addresses at once";
  }
  const auto vacated = regions_.apply(event);
  if (!vacated) return "there is no memory to note which pages it discards";
  for (const Vacated &left : *vacated) vacate(left);
  if (event.kind != LayoutKind::remove) tell_of_layout();
  const bool is_bounded = regions_.all().size() + regions_.owed_ranges() <= limits::parts_max;
  return is_bounded ? "" : "it has cut its regions into too many parts";
}

// The child has what its parent had at that moment: what was read before is applied, what comes
// later is the parent's alone.
std::string AddressSpace::adopt(sys::Descriptor uffd) {
  PAGERD_CHECK(forks_ != nullptr);
  sys::uffd_make_ours(uffd.get());
  const std::size_t parts = regions_.all().size();
  const bool has_room = family_->children.load() < limits::children_per_client_max &&
                        family_->parts.load() + parts <= limits::parts_max;
  const auto child = has_room ? forks_->open_child(*this, family_, uffd) : nullptr;
  if (!child) {
    const bool is_bounded = forks_->keep(std::move(uffd));
    outbox_.post_notice({.kind = EventKind::unserved_child, .space = id_});
    return is_bounded ? "" : "it forks more children than are served or kept waiting";
  }
  family_->children.fetch_add(1);
  family_->parts.fetch_add(parts);
  child->forked_parts_ = parts;
  auto forked = std::make_shared<ForkedChild>(child, child->uffd());
  bool is_whole = false;
  {
    // Nobody else knows the child yet, so nobody waits for its lock with another in hand.
    const Guard held = child->lock();
    is_whole = regions_.copy_to(child->regions_);
    child->holds_.fetch_add(child->regions_.lives().size());
    for (const auto &[id, life] : child->regions_.lives()) forked->regions.push_back(life);
  }
  outbox_.post({.kind = EventKind::forked, .space = id_, .forked = std::move(forked)});
  if (is_whole) {
    child->watch(watchers_);
  } else {
    const Guard held = child->lock();
    child->report_misbehaviour(held, "there is no room for what its parent has discarded");
  }
  return "";
}

// Nobody will serve this child any more, and nobody else has its descriptor: what is missing is to
// be SIGBUS, and not zeros. False when that was not to be had in time.
bool AddressSpace::poison_rest() {
  const std::uint64_t end_ns = sys::monotonic_ns() + limits::poison_rest_ns;
  for (const auto &part : regions_.all()) {
    std::uint64_t bytes_max = limits::long_slice_bytes;
    for (std::uint64_t at = part->start(); at < part->end();) {
      const std::uint64_t bytes = std::min(part->end() - at, bytes_max);
      const auto done = sys::uffd_poison(uffd_.get(), at, bytes);
      at += done.installed_bytes;
      if (done.outcome == sys::Install::gone) return true;
      const bool is_mapped = done.outcome != sys::Install::unmapped;
      // One cannot reach from one mapping into the next.
      bytes_max = is_mapped ? limits::long_slice_bytes : sys::page_floor(bytes / 2);
      if (done.outcome == sys::Install::already_present || bytes_max == 0) {
        at += part->plan().page_bytes;
        bytes_max = limits::long_slice_bytes;
      } else if (is_mapped && done.installed_bytes == 0) {
        return false;
      }
      if (sys::monotonic_ns() > end_ns) return false;
    }
  }
  return true;
}

bool AddressSpace::choose_discard(std::uint32_t id, OnDiscard on_discard) {
  const Guard held = lock();
  const auto region = regions_.with_id(id);
  if (!region || is_unregistered_) return false;
  const LayoutBook::Change change(book_.get());
  region->choose(on_discard);
  return true;
}

void AddressSpace::tell_of_layout() {
  if (is_layout_told_.exchange(true)) return;
  outbox_.post({.kind = EventKind::layout_changed, .space = id_});
}

void AddressSpace::look_for_life() {
  PAGERD_CHECK(is_child_);
  if (is_gone_told_ || !try_hold()) return;
  is_gone_told_ = sys::uffd_is_gone(uffd_.get());
  if (is_gone_told_) outbox_.post({.kind = EventKind::gone, .space = id_});
  drop_hold();
}

// Threads that took their fault before the mapping went wait there for ever, unless they are woken:
// the kernel delivers no such fault again, and what comes for it later finds no region.
void AddressSpace::vacate(const Vacated &left) {
  release(left.part->image().forget(*this, left.part->id(), left.range));
  PAGERD_CHECK(sys::uffd_wake(uffd_.get(), left.range.start, left.range.bytes()));
}

// Where no region is there may be one as soon as the layout events that are unread are applied.
//
// Memory that mremap() made longer is registered like what it was before, and no event tells how
// long it is. So a fault behind a region, in one mapping with its last page, is of what it grew by.
// It takes a client that asked for remap events; any other announces what it maps, and faults
// before it does so wait for that.
std::shared_ptr<Region> AddressSpace::region_for(const Fault &fault, bool &is_changing) {
  // Closed: there are no regions, and the userfaultfd may go at any moment.
  if (is_closed_) return nullptr;
  std::shared_ptr<Region> region = regions_.at(fault.address);
  if (region || !has_layout_events()) return region;
  const bool can_grow = (layout_features_ & sys::uapi::feature_event_remap) != 0;
  const std::shared_ptr<Region> below = can_grow ? regions_.below(fault.address) : nullptr;
  const std::uint64_t start = below ? below->end() - sys::page_bytes : fault.address;
  const std::uint64_t bytes = fault.address + sys::page_bytes - start;
  switch (sys::uffd_probe(uffd_.get(), start, bytes)) {
    case sys::Probe::one_mapping:
      return below ? regions_.grow(below, fault.address) : nullptr;
    case sys::Probe::changing:
      is_changing = true;
      return nullptr;
    default:
      return nullptr;
  }
}

}  // namespace pagerd::engine
