#include "engine/resolver.hpp"

#include <algorithm>
#include <cstring>

#include "sys/clock.hpp"
#include "sys/page.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

using image::PageState;
using sys::Install;
using sys::page_bytes;

namespace {

// The pause before another try: from 20 us, doubling up to 5 ms.
std::uint64_t pause_ns(unsigned deferrals) { return 20'000ull << std::min(deferrals, 8u); }

// Want of memory does not pass in microseconds.
constexpr unsigned slow = 6;

sys::InstallResult install_range(int uffd, Window range, const std::byte *source) {
  return source == nullptr ? sys::uffd_zeropage(uffd, range.start, range.bytes())
                           : sys::uffd_copy(uffd, range.start, source, range.bytes());
}

// Installs a window around the faulting page with one ioctl, or a few where pages of it are present
// already. Source: the bytes of window.start; null installs zero pages.
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

}  // namespace

struct Resolver::Served {
  const std::shared_ptr<AddressSpace> &space;
  Region &region;
  Fault fault;
  Worker &worker;
};

void Resolver::serve(const std::shared_ptr<AddressSpace> &space, Region &region, Fault fault,
                     Worker &worker) {
  Served served{space, region, fault, worker};
  serve(served);
}

void Resolver::serve(Served &served) {
  Fault &fault = served.fault;
  Region &region = served.region;
  // Regions of mode copy are registered for missing pages only: other kinds are the client's own
  // doing.
  if (fault.kind != FaultKind::missing) return finish(served, Outcome::discarded, 0);
  // A kept fault has its window still, unless another region has taken the place of the one it was
  // chosen for.
  if (fault.window.bytes() == 0 || !region.contains(fault.window)) {
    fault.window = region.choose_window(fault.address);
  }

  Window window = fault.window;
  if (const auto zeros = region.discarded_run(fault.address, window)) {
    const auto done = install_window(served.space->uffd(), *zeros, fault.address, nullptr);
    return conclude(served, done, true);
  }
  const std::uint64_t page = region.page_of(fault.address);
  const std::uint64_t low = region.page_of(window.start);
  const std::uint64_t high = region.page_of(window.end - 1) + 1;
  image::Run run = region.image().image().run_around(page, low, high);
  if (install_ready(served, run)) return;
  wait_for_bytes(served, {PageState::absent, low, high});
}

bool Resolver::install_ready(Served &served, image::Run run) {
  const Window window{served.region.address_of(run.first), served.region.address_of(run.end)};
  const int uffd = served.space->uffd();
  if (run.state != PageState::absent) served.region.expect_next(window.end);
  switch (run.state) {
    case PageState::resident: {
      const std::byte *source = served.region.image().image().bytes_of(run.first);
      conclude(served, install_window(uffd, window, served.fault.address, source), false);
      return true;
    }
    case PageState::zero:
      conclude(served, install_window(uffd, window, served.fault.address, nullptr), true);
      return true;
    case PageState::absent:
      return false;
  }
  return false;
}

void Resolver::wait_for_bytes(Served &served, image::Run run) {
  ServedImage &image = served.region.image();
  AddressSpace &space = *served.space;
  const std::uint64_t page = served.region.page_of(served.fault.address);
  // Listed before asking: once asked, the answer may come on another thread at any moment.
  if (!space.pending.add(served.fault.address, served.fault.read_ns)) {
    return finish(served, Outcome::already_present, 0);
  }
  served.fault.has_waited_for_fill = true;
  const Ask answer = image.ask({served.space, served.fault, nullptr, page}, run.first, run.end,
                               Urgency::demand, fills_);
  if (answer == Ask::waiting) return;

  space.pending.remove(served.fault.address);
  switch (answer) {
    case Ask::ready:
      PAGERD_CHECK(install_ready(served, image.image().run_around(page, run.first, run.end)));
      return;
    case Ask::lost:
      return poison(served, image.lost_reason());
    default:
      return defer(served, slow);
  }
}

void Resolver::conclude(Served &served, Installed done, bool is_zero) {
  for (Tally *tally : {&served.space->tally, &served.worker.tally}) {
    (is_zero ? tally->pages_zeroed : tally->pages_copied).add(done.pages);
  }
  served.region.resident_pages.add(done.pages);
  switch (done.outcome) {
    case Install::installed:
      return finish(served, Outcome::installed, done.pages);
    case Install::already_present:
    case Install::partial:
      return finish(served, Outcome::already_present, done.pages);
    case Install::retry:
      return defer(served, 0);
    case Install::no_memory:
      return defer(served, slow);
    case Install::unmapped:
    case Install::gone:
      return finish(served, Outcome::discarded, done.pages);
    case Install::failed:
      return poison(served, std::string("the page could not be installed: ") +
                                std::strerror(done.code));
  }
}

void Resolver::poison(Served &served, const std::string &reason) {
  const int uffd = served.space->uffd();
  const std::uint64_t address = served.fault.address;
  const auto result = sys::uffd_poison(uffd, address, page_bytes);
  switch (result.outcome) {
    case Install::retry:
    case Install::no_memory:
      return defer(served, slow);
    case Install::already_present:
      PAGERD_CHECK(sys::uffd_wake(uffd, address, page_bytes));
      return finish(served, Outcome::already_present, 0);
    case Install::unmapped:
    case Install::gone:
      return finish(served, Outcome::discarded, 0);
    default:
      break;
  }
  // A kernel without UFFDIO_POISON (before 6.6) leaves the thread blocked: late is better than
  // wrong.
  const bool is_poisoned = result.outcome == Install::installed;
  if (is_poisoned) {
    served.space->tally.pages_poisoned.add(1);
    served.worker.tally.pages_poisoned.add(1);
  }
  finish(served, Outcome::failed, 0);
  outbox_.post_notice({.kind = EventKind::poisoned,
                       .space = served.space->id(),
                       .region = served.region.id(),
                       .image = served.region.image().id(),
                       .offset_bytes = address - served.region.start(),
                       .text = is_poisoned ? reason : reason + " (and the kernel cannot poison)"});
}

void Resolver::defer(Served &served, unsigned slowness) {
  AddressSpace &space = *served.space;
  Fault fault = served.fault;
  space.tally.count(Outcome::deferred);
  served.worker.tally.count(Outcome::deferred);
  if (!space.pending.add(fault.address, fault.read_ns)) return;
  const std::uint64_t due = sys::monotonic_ns() + pause_ns(fault.deferrals + slowness);
  if (fault.deferrals < UINT8_MAX) ++fault.deferrals;
  if (deferred_.add({due, served.space, fault})) return;
  // No room: back to the kernel, which delivers it again.
  space.pending.remove(fault.address);
  PAGERD_CHECK(sys::uffd_wake(space.uffd(), fault.address, page_bytes));
}

void Resolver::finish(Served &served, Outcome outcome, std::uint64_t pages) {
  const std::uint64_t now_ns = sys::monotonic_ns();
  const Fault &fault = served.fault;
  const std::uint64_t service_ns = now_ns - fault.read_ns;
  for (Tally *tally : {&served.space->tally, &served.worker.tally}) {
    tally->count(outcome);
    tally->service.record(service_ns);
  }
  served.region.faults.add(1);
  ring_.write({.sequence = 0,
               .finished_ns = now_ns,
               .service_ns = service_ns,
               .space = served.space->id(),
               .address = fault.address,
               .image_offset_bytes = served.region.page_of(fault.address) * page_bytes,
               .region = served.region.id(),
               .image = served.region.image().id(),
               .pages = static_cast<std::uint32_t>(pages),
               .kind = fault.kind,
               .outcome = outcome,
               .thread = served.worker.index,
               .has_waited_for_fill = fault.has_waited_for_fill});
}

RegionPin Resolver::find_again(AddressSpace::Guard &held, AddressSpace &space, const Fault &fault,
                               Worker &worker) {
  space.pending.remove(fault.address);
  held = space.lock();
  RegionPin region = space.pin_at(held, fault.address);
  if (!region) {
    space.tally.count(Outcome::discarded);
    worker.tally.count(Outcome::discarded);
  }
  if (!space.has_layout_events()) held.unlock();
  return region;
}

void Resolver::resume(const std::shared_ptr<AddressSpace> &space, Fault fault, Worker &worker) {
  {
    AddressSpace::Guard held;
    const RegionPin region = find_again(held, *space, fault, worker);
    if (region) serve(space, *region, fault, worker);
  }
  space->resume_if_drained();
}

void Resolver::give_up(const std::shared_ptr<AddressSpace> &space, Fault fault,
                       const std::string &reason, Worker &worker) {
  {
    AddressSpace::Guard held;
    const RegionPin region = find_again(held, *space, fault, worker);
    if (region) {
      Served served{space, *region, fault, worker};
      poison(served, reason);
    }
  }
  space->resume_if_drained();
}

}  // namespace pagerd::engine
