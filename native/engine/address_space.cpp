#include "engine/address_space.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "engine/served_image.hpp"
#include "sys/clock.hpp"
#include "sys/keeper.hpp"
#include "sys/page.hpp"
#include "sys/uapi.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

namespace {

std::string hex(std::uint64_t value) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string range_text(std::uint64_t start, std::uint64_t end) {
  return "[" + hex(start) + ", " + hex(end) + ")";
}

FaultKind kind_of(const uffd_msg &message) {
  if ((message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) != 0) return FaultKind::write_protect;
  if ((message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_MINOR) != 0) return FaultKind::minor;
  return FaultKind::missing;
}

bool is_fault(const uffd_msg &message) { return message.event == UFFD_EVENT_PAGEFAULT; }

}  // namespace

RegionPin::RegionPin(AddressSpace &space, std::shared_ptr<Region> region)
    : space_(&space), region_(std::move(region)) {
  if (region_) region_->life()->pin();
}

RegionPin &RegionPin::operator=(RegionPin &&other) noexcept {
  if (this == &other) return *this;
  release();
  space_ = other.space_;
  region_ = std::move(other.region_);
  return *this;
}

void RegionPin::release() {
  if (!region_) return;
  if (region_->life()->unpin()) space_->end_region(*region_->life());
  region_.reset();
}

void Batch::clear() {
  for (std::size_t i = 0; i < count; ++i) faults[i].region.release();
  count = 0;
}

AddressSpace::AddressSpace(SpaceId id, sys::Descriptor uffd, SpacePlan plan, Outbox &outbox)
    : id_(id),
      layout_features_(plan.layout_features),
      outbox_(outbox),
      forks_(plan.forks),
      is_child_(plan.family != nullptr),
      family_(plan.family ? std::move(plan.family) : std::make_shared<Family>()),
      owner_(plan.owner != nullptr ? *plan.owner : Owner::nobody()),
      book_(std::move(plan.book)),
      uffd_(std::move(uffd)),
      past_(std::move(plan.past)),
      is_held_back_(plan.is_held_back),
      is_layout_lost_(plan.is_layout_lost) {
  PAGERD_CHECK(uffd_.is_open() && (book_ || !past_));
  regions_.keep_in(book_);
  if (past_) regions_.resume_owed(past_->owed);
  // With a book, the keeper has it too: by that it knows how long the client lives.
  if (!is_child_ && !book_) sys::note_held_elsewhere(uffd_.get());
}

ReadOutcome AddressSpace::read(const Guard &held, Batch &batch, Tally &thread_tally) {
  PAGERD_CHECK(held.owns_lock() && batch.count == 0);
  if (is_closed_ || is_broken_) return ReadOutcome::closed;
  const bool is_paused = is_paused_.load();
  if (is_paused && !has_layout_events()) return ReadOutcome::closed;

  // The kernel hands out faults before layout events that were queued earlier. A read that does not
  // fill the buffer has emptied the queue, so every event that came before these faults is among
  // them; after one that does fill it, installs meet EAGAIN until the rest is read. Where no layout
  // event can come one message is read at a time: the kernel looks through its queue once more for
  // each further one, and what stays there is for whichever thread is free first. Huge pages are
  // read one by one too, for each keeps others waiting.
  std::array<uffd_msg, limits::batch_faults_max> room;
  std::span<uffd_msg> messages = room;
  if (book_ && !book_->inbox().empty()) messages = book_->inbox();
  if (!has_layout_events() || has_huge_pages()) messages = messages.first(1);
  const ReadOutcome outcome = take_in(held, messages);
  if (outcome != ReadOutcome::faults) return outcome;

  const std::uint64_t now_ns = messages.empty() ? 0 : sys::monotonic_ns();
  for (const uffd_msg &message : messages) {
    if (message.event != UFFD_EVENT_PAGEFAULT) continue;
    const FaultKind kind = kind_of(message);
    tally.count(kind);
    thread_tally.count(kind);
    if (is_paused) {
      has_turned_away_ = true;
    } else {
      collect(message, batch, now_ns);
    }
  }
  std::sort(batch.faults.begin(), batch.faults.begin() + static_cast<std::ptrdiff_t>(batch.count),
            [](const PinnedFault &a, const PinnedFault &b) {
              return a.fault.address < b.fault.address;
            });
  pause_if_full();
  return ReadOutcome::faults;
}

ReadOutcome AddressSpace::take_in(const Guard &held, std::span<uffd_msg> &messages) {
  // What the kernel writes into the book's inbox is there whatever becomes of us. Of what is read
  // to elsewhere nobody would know, so that the change begins before.
  const bool is_kept = book_ && messages.data() == book_->inbox().data();
  const LayoutBook::Change reading(is_kept ? nullptr : book_.get());
  auto got = is_child_ ? sys::uffd_read_child(uffd_.get(), messages)
                       : sys::uffd_read(uffd_.get(), messages);
  if (!got.ok() && sys::is_want_of_descriptors(got.error().code)) {
    // For a child's descriptor, that is: the client's fork() waits, and we come back to it.
    unwatch();
    lacks_watch_.store(true, std::memory_order_relaxed);
    return ReadOutcome::closed;
  }
  if (!got.ok()) {
    report_misbehaviour(held, std::string("reading it failed: ") + std::strerror(got.error().code));
    return ReadOutcome::misbehaved;
  }
  messages = messages.first(got.value());

  const bool is_layout_same = std::all_of(messages.begin(), messages.end(), is_fault);
  if (is_layout_same) return ReadOutcome::faults;
  const LayoutBook::Change change(book_.get());
  // All of them, whatever one of them is: a fork event carries a descriptor that must find an
  // owner.
  std::string trouble;
  for (const uffd_msg &message : messages) {
    if (message.event == UFFD_EVENT_PAGEFAULT) continue;
    std::string found = apply(message);
    if (trouble.empty()) trouble = std::move(found);
  }
  if (is_kept) book_->note_applied(messages);
  if (trouble.empty()) return ReadOutcome::faults;
  if (book_) book_->give_up();
  report_misbehaviour(held, trouble);
  return ReadOutcome::misbehaved;
}

void AddressSpace::collect(const uffd_msg &message, Batch &batch, std::uint64_t now_ns) {
  PAGERD_CHECK(batch.count < batch.faults.size());
  const std::uint64_t address = sys::page_floor(message.arg.pagefault.address);
  const bool is_write = (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE) != 0;
  Fault fault{
      .address = address, .read_ns = now_ns, .kind = kind_of(message), .is_write = is_write};
  bool is_changing = false;
  std::shared_ptr<Region> region = region_for(fault, is_changing);
  if (!region && !is_changing) {
    // Registered, but not (or no longer) mapped with us. add_region() wakes it, should it still
    // come.
    tally.count(Outcome::discarded);
    if (is_layout_lost_) return poison_lost(address);
    strays.note(address);
    return;
  }
  if (region) fault.enlarge_to(region->page_at(address));
  PinnedFault &slot = batch.faults[batch.count++];
  slot.fault = fault;
  slot.region = RegionPin(*this, std::move(region));
}

RegionPin AddressSpace::pin_for(const Guard &held, const Fault &fault, bool &is_changing) {
  PAGERD_CHECK(held.owns_lock());
  return RegionPin(*this, region_for(fault, is_changing));
}

RegionPin AddressSpace::pin_at(const Guard &held, std::uint64_t address) {
  PAGERD_CHECK(held.owns_lock());
  return RegionPin(*this, regions_.at(address));
}

std::optional<Refusal> AddressSpace::add_region(std::shared_ptr<Region> region) {
  const Guard held = lock();
  const std::uint64_t start = region->start();
  const std::uint64_t end = region->end();
  const std::string what = "Cannot map " + range_text(start, end) + ": ";
  if (is_closed_ || is_unregistered_) {
    return Refusal{"client_gone", what + "the session is closing"};
  }
  if (region->has_huge_pages()) has_huge_pages_.store(true);
  if (past_) return resume_region(std::move(region), what);
  if (const Region *other = regions_.overlapping(start, end)) {
    return Refusal{"region_overlap", what + "it overlaps region " + std::to_string(other->id()) +
                                         " at " + range_text(other->start(), other->end())};
  }
  // An event that is still to be read may be of what was here before. Of discards, that matters
  // where they are noted.
  const bool is_safe = is_held_back_ || (layout_features_ == sys::uapi::feature_event_remove &&
                                         region->life()->on_discard() == OnDiscard::image);
  if (has_layout_events() && !is_safe &&
      sys::uffd_probe(uffd_.get(), start, region->page_at(start).bytes()) ==
          sys::Probe::changing) {
    return Refusal{"busy", what + "the client is changing its layout at this moment"};
  }
  if (is_held_back_ && !is_memory_of(*region)) {
    const std::string bytes = std::to_string(region->plan().page_bytes);
    return Refusal{"region_misaligned",
                   what + "no registered memory with pages of " + bytes + " bytes is there"};
  }
  // Faults that came before the region did were read and dropped: let them come again. Nobody reads
  // them before the region is there, for that takes the lock.
  if (!sys::uffd_wake(uffd_.get(), start, end - start)) {
    return Refusal{"region_too_long", what + "the client's address space does not reach there"};
  }
  strays.forget(start, end);
  holds_.fetch_add(1);
  regions_.insert(std::move(region));
  return std::nullopt;
}

// As far as can be seen before its layout events are read. Nothing can ever be installed otherwise.
bool AddressSpace::is_memory_of(const Region &region) const {
  const Window page = region.page_at(region.start());
  return sys::uffd_probe(uffd_.get(), page.start, page.bytes()) != sys::Probe::other;
}

bool AddressSpace::remove_region(std::uint32_t id, std::uint32_t request) {
  std::shared_ptr<RegionLife> region;
  {
    const Guard held = lock();
    region = regions_.take(id);
  }
  if (!region) return false;
  if (region->close(request)) end_region(*region);
  resume_if_drained();
  return true;
}

void AddressSpace::note_reset(std::uint32_t id) {
  const Guard held = lock();
  if (const auto region = regions_.with_id(id)) region->resident_pages.clear();
}

void AddressSpace::watch(std::vector<sys::Epoll *> sets) {
  const Guard held = lock();
  if (is_closed_ || is_broken_) return;
  for (sys::Epoll *set : watchers_) {
    if (std::find(sets.begin(), sets.end(), set) == sets.end()) set->remove(uffd_);
  }
  watchers_ = std::move(sets);
  if (!is_read() || (is_paused_.load() && !has_layout_events())) return;
  add_to_sets();
}

void AddressSpace::add_to_sets() {
  bool is_whole = true;
  for (sys::Epoll *set : watchers_) is_whole &= set->add(uffd_, id_).ok();
  lacks_watch_.store(!is_whole, std::memory_order_relaxed);
}

void AddressSpace::retry_watch() {
  const Guard held = try_lock();
  if (!held || !lacks_watch_.load(std::memory_order_relaxed)) return;
  if (!is_read()) return;
  // Paused: it is added when it goes on.
  if (is_paused_.load() && !has_layout_events()) return;
  add_to_sets();
}

void AddressSpace::report_misbehaviour(const Guard &held, const std::string &reason) {
  PAGERD_CHECK(held.owns_lock());
  if (is_closed_ || is_broken_) return;
  is_broken_ = true;
  unwatch();
  outbox_.post({.kind = EventKind::misbehaved, .space = id_, .text = reason});
}

void AddressSpace::close() {
  std::vector<std::shared_ptr<RegionLife>> regions;
  {
    const Guard held = lock();
    if (is_closed_) return;
    is_closed_ = true;
    unwatch();
    if (book_) book_->leave();
    const bool is_left = (is_child_ || book_) && forks_->leaves_children();
    is_kept_ = is_left || (is_child_ && !poison_rest());
    regions = regions_.take_all();
  }
  for (const auto &region : regions) {
    if (region->close(0)) end_region(*region);
  }
  drop_hold();
}

void AddressSpace::pause_if_full() {
  if (is_paused_.load()) return;
  if (pending.count() + limits::batch_faults_max <= limits::pending_faults_max) return;
  if (!has_layout_events()) unwatch();
  is_paused_.store(true);
  if (pending.count() <= limits::pending_faults_max / 2) go_on();
}

void AddressSpace::resume_if_drained() {
  if (!is_paused_.load() || pending.count() > limits::pending_faults_max / 2) return;
  const Guard held = lock();
  if (!is_closed_ && !is_broken_ && is_paused_.load()) go_on();
}

void AddressSpace::go_on() {
  is_paused_.store(false);
  if (!has_layout_events()) {
    add_to_sets();
    return;
  }
  if (!std::exchange(has_turned_away_, false)) return;
  for (const auto &region : regions_.all()) {
    const std::uint64_t bytes = region->end() - region->start();
    PAGERD_CHECK(sys::uffd_wake(uffd_.get(), region->start(), bytes));
  }
}

void AddressSpace::unwatch() {
  for (sys::Epoll *set : watchers_) set->remove(uffd_);
}

void AddressSpace::release(const std::vector<Waiter> &waiters) {
  for (const Waiter &waiter : waiters) {
    if (waiter.prefault) continue;  // it answers when it is dropped here
    // A thread may wait there by now on behalf of the region that came next, taken for a duplicate
    // of this one: it has to fault again.
    pending.remove(waiter.fault.address);
    const Window page = waiter.fault.page();
    PAGERD_CHECK(sys::uffd_wake(uffd_.get(), page.start, page.bytes()));
  }
}

void AddressSpace::end_region(RegionLife &region) {
  release(region.image()->forget(*this, region.id()));
  if (region.close_request() != 0) {
    outbox_.post({.kind = EventKind::unmapped,
                  .space = id_,
                  .request = region.close_request(),
                  .region = region.id()});
  }
  region.forget_discarded();
  drop_hold();
}

bool AddressSpace::try_hold() {
  std::uint64_t holds = holds_.load();
  while (holds > 0) {
    if (holds_.compare_exchange_weak(holds, holds + 1)) return true;
  }
  return false;
}

void AddressSpace::wake_page(Window page) {
  if (!try_hold()) return;
  [[maybe_unused]] const bool can_be = sys::uffd_wake(uffd_.get(), page.start, page.bytes());
  drop_hold();
}

void AddressSpace::wake_all() {
  const Guard held = try_lock();
  if (!held || is_closed_ || regions_.all().empty()) return;
  // What lies between the regions may be woken with them: it faults again, no more.
  const std::uint64_t start = regions_.all().front()->start();
  const std::uint64_t end = regions_.all().back()->end();
  PAGERD_CHECK(sys::uffd_wake(uffd_.get(), start, end - start));
}

void AddressSpace::drop_hold() {
  if (holds_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  // Nobody holds a pin, and is_closed_ keeps readers away: the last owner of the number is here.
  if (is_kept_) forks_->keep(std::move(uffd_));
  sys::forget_held_elsewhere(uffd_.get());
  uffd_.reset();
  if (book_) forks_->leaves_children() ? book_->keep_open() : book_->close();
  if (is_child_) family_->children.fetch_sub(1);
  family_->parts.fetch_sub(forked_parts_);
  outbox_.post({.kind = EventKind::detached, .space = id_, .is_of_child = is_child_});
}

}  // namespace pagerd::engine
