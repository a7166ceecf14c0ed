#include "engine/rescue.hpp"

#include "engine/served_image.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

namespace {

// Nothing where the lock is taken, or no region is there.
RegionPin try_pin(AddressSpace &space, std::uint64_t address) {
  const AddressSpace::Guard held = space.try_lock();
  return held ? space.pin_at(held, address) : RegionPin();
}

}  // namespace

void Rescue::wake(const std::shared_ptr<AddressSpace> &space, std::uint64_t address) {
  if (address == 0) return space->wake_all();
  const Unresolved found = space->pending.find(address);
  if (found.place != Place::none && !is_kept(*space, found)) {
    // Listed, so that its thread's next fault would be dropped for a duplicate.
    space->pending.remove(address);
    outbox_.post_notice(
        {.kind = EventKind::forgotten, .space = space->id(), .address = address});
  }
  // Its thread may wait anywhere in a huge page; who is woken for nothing faults again.
  space->wake_page({address, address + sys::huge_page_bytes});
}

bool Rescue::is_kept(AddressSpace &space, const Unresolved &found) {
  if (found.place == Place::ioctl) return true;
  if (found.place == Place::deferred) return deferred_.has(space, found.address);
  const RegionPin region = try_pin(space, found.address);
  return !region || region->image().has_waiter(space, found.address);
}

void Rescue::give_up(const std::shared_ptr<AddressSpace> &space, std::uint64_t since_ns,
                     const std::string &reason, Worker &worker) {
  for (const Unresolved &found : space->pending.since_before(since_ns, limits::rescues_max)) {
    const auto fault = take_back(*space, found);
    if (fault) resolver_.give_up(space, *fault, reason, worker);
  }
}

std::optional<Fault> Rescue::take_back(AddressSpace &space, const Unresolved &found) {
  if (found.place == Place::ioctl) return std::nullopt;
  if (found.place == Place::deferred) return deferred_.take(space, found.address);
  const RegionPin region = try_pin(space, found.address);
  return region ? region->image().take_waiter(space, found.address) : std::nullopt;
}

}  // namespace pagerd::engine
