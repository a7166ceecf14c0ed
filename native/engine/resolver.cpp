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

// The pages of a writable image that are zero, or that one of its clients has punched out, have no
// page in its file to be shared yet.
Installed continue_shared(int uffd, Window window, Window faulting, const image::Image &image,
                          image::Run run) {
  if (run.state == PageState::resident) {
    const Installed done = install_window(uffd, window, faulting, Supply::file_pages());
    if (done.outcome != Install::hole) return done;
  }
  if (const auto populated = image.populate(run.first, run.end); !populated.ok()) {
    return {Install::no_memory, {}, populated.error().code};
  }
  return install_window(uffd, window, faulting, Supply::file_pages());
}

// From the window's beginning, then from its end; nothing once too little is left.
std::optional<Window> slice_of(Window window, std::uint64_t address, std::uint64_t bytes) {
  if (window.start + bytes <= address) return Window{window.start, window.start + bytes};
  if (address + page_bytes + bytes <= window.end) return Window{window.end - bytes, window.end};
  return std::nullopt;
}

void put_down(AddressSpace &space, Worker &worker) {
  worker.in_hand.put_down();
  space.resume_if_drained();
  worker.in_hand.leave();
}

}  // namespace

// Beside others' faults a large copied window is cut into slices, of which each waits for them: its
// own thread would go on later than after several windows that are installed whole.
std::uint64_t Resolver::grown_bytes_max(const Served &served) {
  const Slices *slices = served.worker.slices;
  const bool is_cut = slices != nullptr && served.region.backing() == Backing::anonymous &&
                      slices->has_others(served.space->id(), served.fault.read_ns);
  return is_cut ? limits::whole_window_bytes : limits::window_bytes_max;
}

void Resolver::serve(const std::shared_ptr<AddressSpace> &space, Region &region, Fault fault,
                     Worker &worker) {
  Served served{space, region, fault, worker};
  worker.in_hand.take(fault.address, fault.read_ns);
  serve(served);
  worker.in_hand.put_down();
}

void Resolver::serve(Served &served) {
  Fault &fault = served.fault;
  Region &region = served.region;
  // Anonymous memory is registered for missing pages only: other kinds are the client's own doing.
  // Where the image's file is mapped, a page may be in the file before its bytes are; so it is the
  // image's book that tells, not the kind of fault.
  const bool is_served = fault.kind == FaultKind::missing ||
                         (fault.kind == FaultKind::minor && region.backing() != Backing::anonymous);
  if (!is_served) {
    served.space->strays.note(fault.address);
    return finish(served, Outcome::discarded, 0);
  }
  if (served.space->starvation.is_resting()) return defer(served, slow);
  // A kept fault has its window still, unless another region has taken the place of the one it was
  // chosen for.
  if (fault.window.bytes() == 0 || !region.contains(fault.window)) {
    fault.window = region.choose_window(fault.address, grown_bytes_max(served));
  }

  if (region.has_huge_pages()) return serve_huge_page(served);
  Window window = fault.window;
  if (const auto zeros = region.discarded_run(fault.address, window)) {
    const int uffd = served.space->uffd();
    return conclude(served, install_window(uffd, *zeros, fault.page(), Supply::zeros()));
  }
  const std::uint64_t page = region.page_of(fault.address);
  const std::uint64_t low = region.page_of(window.start);
  const std::uint64_t high = region.page_of(window.end - 1) + 1;
  image::Run run = region.image().image().run_around(page, low, high);
  note_touch(served, run.first, run.end);
  if (install_ready(served, run)) return;
  const Ask answer = ask(served, {PageState::absent, low, high}, page);
  if (answer != Ask::ready) return wait(served, answer);
  PAGERD_CHECK(install_ready(served, region.image().image().run_around(page, low, high)));
}

void Resolver::note_touch(const Served &served, std::uint64_t first, std::uint64_t end) {
  const Fault &fault = served.fault;
  const bool is_new = fault.deferrals == 0 && !fault.has_waited_for_fill && !fault.is_cut;
  const auto &touches = served.region.life()->touches;
  if (is_new && touches) touches->note(first, end);
}

bool Resolver::install_ready(Served &served, image::Run run) {
  if (run.state == PageState::absent) return false;
  if (!served.fault.is_cut) served.region.expect_next(served.region.address_of(run.end));
  if (!install_slice(served, run)) conclude(served, install(served, run));
  return true;
}

// One end of a large window, without the faulting page: its thread goes on after the last slice, as
// it would without any. False when all that is left is to be installed now.
bool Resolver::install_slice(Served &served, image::Run run) {
  Slices *slices = served.worker.slices;
  const Region &region = served.region;
  Fault &fault = served.fault;
  const Window window{region.address_of(run.first), region.address_of(run.end)};
  const bool is_large = fault.is_cut || window.bytes() > limits::whole_window_bytes;
  if (slices == nullptr || !is_large) return false;
  const bool is_copied = region.backing() == Backing::anonymous && run.state != PageState::zero;
  const bool is_one_kind = region.backing() == Backing::anonymous ||
                           (region.backing() == Backing::image_private && !fault.is_write);
  const std::uint64_t bytes = is_copied ? limits::copied_slice_bytes : limits::mapped_slice_bytes;
  const std::optional<Window> slice = slice_of(window, fault.address, bytes);
  if (!slice || !is_one_kind || slices->is_full()) return false;
  if (!slices->has_others(served.space->id(), sys::monotonic_ns())) return false;

  const std::byte *source = region.image().image().bytes_of(region.page_of(slice->start));
  const Supply supply = is_copied                        ? Supply::copy_of(source)
                        : run.state == PageState::zero ? Supply::zeros()
                                                         : Supply::file_pages();
  const sys::InstallResult done = supply.install(served.space->uffd(), *slice);
  PageCounts pages;
  supply.count(pages, done.installed_bytes / page_bytes);
  count(served, pages);
  // Anything unusual is seen again, and dealt with, where the faulting page is.
  const bool is_usual = done.outcome == Install::installed || done.outcome == Install::partial ||
                        done.outcome == Install::already_present;
  if (!is_usual) return false;
  if (!served.space->pending.add(fault.address, fault.read_ns, Place::ioctl)) return false;
  fault.window = slice->start == window.start ? Window{slice->end, window.end}
                                              : Window{window.start, slice->start};
  fault.is_cut = true;
  fault.cut_pages += static_cast<std::uint32_t>(pages.all());
  slices->add({served.space, fault});
  return true;
}

// The one switch: what is mapped there, what is known of the page, and whether it is written.
Installed Resolver::install(Served &served, image::Run run) {
  PAGERD_CHECK(run.state != PageState::absent);
  const Window window{served.region.address_of(run.first), served.region.address_of(run.end)};
  const image::Image &image = served.region.image().image();
  const int uffd = served.space->uffd();
  const Window faulting = served.fault.page();
  const bool is_zero = run.state == PageState::zero;
  switch (served.region.backing()) {
    case Backing::anonymous: {
      const Supply supply = is_zero ? Supply::zeros() : Supply::copy_of(image.bytes_of(run.first));
      return install_window(uffd, window, faulting, supply);
    }
    case Backing::image_private:
      if (is_zero) return install_window(uffd, window, faulting, Supply::zeros());
      if (!served.fault.is_write) {
        return install_window(uffd, window, faulting, Supply::file_pages());
      }
      return install_written_page(uffd, window, faulting,
                                  image.bytes_of(served.region.page_of(faulting.start)));
    case Backing::image_shared:
      break;
  }
  return continue_shared(uffd, window, faulting, image, run);
}

Ask Resolver::ask(Served &served, image::Run wanted, std::uint64_t page) {
  AddressSpace &space = *served.space;
  // Listed before asking: once asked, the answer may come on another thread at any moment.
  if (!space.pending.add(served.fault.address, served.fault.read_ns, Place::source)) {
    finish(served, Outcome::already_present, 0);
    return Ask::waiting;
  }
  served.fault.has_waited_for_fill = true;
  const Ask answer =
      served.region.image().ask({served.space, served.fault, nullptr, page, served.region.id()},
                                wanted.first, wanted.end, Urgency::demand, fills_);
  if (answer != Ask::waiting) space.pending.remove(served.fault.address);
  return answer;
}

void Resolver::wait(Served &served, Ask answer) {
  if (answer == Ask::lost) poison(served, served.region.image().lost_reason());
  if (answer == Ask::busy) defer(served, slow);
}

void Resolver::conclude(Served &served, Installed done) {
  const std::uint64_t pages = done.pages.all();
  count(served, done.pages);
  switch (done.outcome) {
    case Install::installed:
      served.space->starvation.note_success();
      return finish(served, Outcome::installed, pages);
    case Install::already_present:
    case Install::partial:
      return finish(served, Outcome::already_present, pages);
    case Install::retry:
      return defer(served, 0);
    case Install::no_memory:
      return starve(served);
    case Install::unmapped:
      return let_go(served, pages);
    case Install::gone:
      return finish(served, Outcome::discarded, pages);
    case Install::hole:
      return poison(served, "the image has lost the page");
    case Install::failed:
      return poison(served, std::string("the page could not be installed: ") +
                                std::strerror(done.code));
  }
}

void Resolver::count(Served &served, const PageCounts &pages) {
  for (Tally *tally : {&served.space->tally, &served.worker.tally}) tally->count(pages);
  served.region.resident_pages.add(pages.all());
}

void Resolver::poison(Served &served, const std::string &reason) {
  const int uffd = served.space->uffd();
  const Window page = served.fault.page();
  const auto result = sys::uffd_poison(uffd, page.start, page.bytes());
  switch (result.outcome) {
    case Install::retry:
      return defer(served, slow);
    case Install::no_memory:
      return starve(served);
    case Install::already_present:
      PAGERD_CHECK(sys::uffd_wake(uffd, page.start, page.bytes()));
      return finish(served, Outcome::already_present, 0);
    case Install::unmapped:
      return let_go(served, 0);
    case Install::gone:
      return finish(served, Outcome::discarded, 0);
    default:
      break;
  }
  // A kernel without UFFDIO_POISON (before 6.6) leaves the thread blocked: late is better than
  // wrong.
  const bool is_poisoned = result.outcome == Install::installed;
  if (is_poisoned) {
    const std::uint64_t pages = page.bytes() / page_bytes;
    served.space->tally.pages_poisoned.add(pages);
    served.worker.tally.pages_poisoned.add(pages);
  }
  finish(served, Outcome::failed, 0);
  outbox_.post_notice({.kind = EventKind::poisoned,
                       .space = served.space->id(),
                       .region = served.region.id(),
                       .image = served.region.image().id(),
                       .offset_bytes = page.start - served.region.start(),
                       .text = is_poisoned ? reason : reason + " (and the kernel cannot poison)"});
}

// The kernel wakes nobody whose memory is taken away: whoever waits there is to fault again, and
// meets what is there now.
void Resolver::let_go(Served &served, std::uint64_t pages) {
  const Window page = served.fault.page();
  PAGERD_CHECK(sys::uffd_wake(served.space->uffd(), page.start, page.bytes()));
  finish(served, Outcome::discarded, pages);
}

// Never poison: it passes when the client frees memory, or somebody lets it have more.
void Resolver::starve(Served &served) {
  if (served.space->starvation.note_failure()) {
    outbox_.post_notice({.kind = EventKind::starved,
                         .space = served.space->id(),
                         .region = served.region.id()});
  }
  defer(served, slow);
}

void Resolver::defer(Served &served, unsigned slowness) {
  put_off(served.space, served.fault, slowness, served.worker);
}

void Resolver::put_off(const std::shared_ptr<AddressSpace> &space, Fault fault, unsigned slowness,
                       Worker &worker) {
  space->tally.count(Outcome::deferred);
  worker.tally.count(Outcome::deferred);
  if (!space->pending.add(fault.address, fault.read_ns, Place::deferred)) return;
  const std::uint64_t pause_end = sys::monotonic_ns() + pause_ns(fault.deferrals + slowness);
  // Where memory is missing all come back at once, and the first that fails again stops the others.
  const std::uint64_t due = std::max(pause_end, space->starvation.until_ns());
  if (fault.deferrals < UINT8_MAX) ++fault.deferrals;
  if (deferred_.add({due, space, fault})) return;
  // No room: back to the kernel, which delivers it again.
  space->pending.remove(fault.address);
  const Window page = fault.page();
  PAGERD_CHECK(sys::uffd_wake(space->uffd(), page.start, page.bytes()));
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
               .pages = static_cast<std::uint32_t>(pages) + fault.cut_pages,
               .kind = fault.kind,
               .outcome = outcome,
               .thread = served.worker.index,
               .is_write = fault.is_write,
               .has_waited_for_fill = fault.has_waited_for_fill});
}

RegionPin Resolver::find_again(AddressSpace::Guard &held,
                               const std::shared_ptr<AddressSpace> &space, const Fault &fault,
                               Worker &worker) {
  // In hand before it is listed no more: at every moment somebody can be seen to have it.
  worker.in_hand.enter(space->id(), &space->owner());
  worker.in_hand.take(fault.address, fault.read_ns);
  space->pending.remove(fault.address);
  if (space->is_stalled()) {
    space->leave_to_kernel(fault.page());
    return {};
  }
  held = space->try_lock();
  if (!held) {
    space->want_lock();
    held = space->lock();
  }
  bool is_changing = false;
  RegionPin region = space->pin_for(held, fault, is_changing);
  if (is_changing) {
    put_off(space, fault, 0, worker);
  } else if (region && region->page_at(fault.address).bytes() != fault.page_bytes) {
    // Another's by now: its thread faults again, wherever in the page it waits.
    region = {};
  }
  if (!is_changing && !region) {
    // Ended since. The memory may be there still, registered, with another region in it soon.
    space->wake_page(fault.page());
    space->tally.count(Outcome::discarded);
    worker.tally.count(Outcome::discarded);
  }
  if (!space->has_layout_events()) held.unlock();
  return region;
}

void Resolver::resume(const std::shared_ptr<AddressSpace> &space, Fault fault, Worker &worker) {
  {
    AddressSpace::Guard held;
    const RegionPin region = find_again(held, space, fault, worker);
    if (region) serve(space, *region, fault, worker);
  }
  put_down(*space, worker);
}

void Resolver::give_up(const std::shared_ptr<AddressSpace> &space, Fault fault,
                       const std::string &reason, Worker &worker) {
  {
    AddressSpace::Guard held;
    const RegionPin region = find_again(held, space, fault, worker);
    Window page = fault.page();
    if (region && region->discarded_run(fault.address, page)) {
      // Discarded since: it needs nobody's bytes any more.
      serve(space, *region, fault, worker);
    } else if (region) {
      Served served{space, *region, fault, worker};
      poison(served, reason);
    }
  }
  put_down(*space, worker);
}

}  // namespace pagerd::engine
