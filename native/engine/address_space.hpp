#pragma once

#include <linux/userfaultfd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/adopted_book.hpp"
#include "engine/events.hpp"
#include "engine/family.hpp"
#include "engine/limits.hpp"
#include "engine/owner.hpp"
#include "engine/pending.hpp"
#include "engine/region_table.hpp"
#include "engine/starvation.hpp"
#include "engine/strays.hpp"
#include "sys/descriptor.hpp"
#include "sys/poll.hpp"

namespace pagerd::engine {

// Slot and generation: a number that is never given twice, so a late event cannot hit a stranger.
using SpaceId = std::uint64_t;

class AddressSpace;
struct Waiter;

// The right to install pages in one region. While any is held the region is not over and the uffd
// stays open.
class RegionPin {
 public:
  RegionPin() = default;
  // Under the space's lock, for a region of its table. The space outlives the pin: its holder sees
  // to that.
  RegionPin(AddressSpace &space, std::shared_ptr<Region> region);
  RegionPin(RegionPin &&other) noexcept = default;
  RegionPin &operator=(RegionPin &&other) noexcept;
  ~RegionPin() { release(); }

  explicit operator bool() const { return region_ != nullptr; }
  Region &operator*() const { return *region_; }
  Region *operator->() const { return region_.get(); }
  void release();

 private:
  AddressSpace *space_ = nullptr;
  std::shared_ptr<Region> region_;
};

// Without a region: the layout is changing, and where the fault belongs can only be said later.
struct PinnedFault {
  Fault fault;
  RegionPin region;
};

// The faults of one read, sorted by address. Each fault thread has one and uses it again and again.
struct Batch {
  std::array<PinnedFault, limits::batch_faults_max> faults;
  std::size_t count = 0;

  void clear();
};

enum class ReadOutcome {
  faults,      // possibly none: another thread was faster
  closed,      // the space is ending
  misbehaved,  // the descriptor does what none of ours does
};

// Why a region cannot be mapped: an error code of the protocol, and the sentence to it.
struct Refusal {
  const char *code;
  std::string text;
};

// What a space is made from beside its descriptor.
struct SpacePlan {
  // Which layout events its userfaultfd raises (sys/uapi.hpp).
  std::uint64_t layout_features = 0;
  ForkDesk *forks = nullptr;       // needed where fork events are among them
  std::shared_ptr<Family> family;  // makes it that of a child
  Owner *owner = nullptr;          // null: one that nobody else has
  // Where layout events' effects are kept; null: what they did is known to this process alone.
  std::shared_ptr<LayoutBook> book;
  // What stands in it, of an earlier engine: the space is not read until the regions of that one
  // are mapped again.
  std::optional<PastLayout> past;
  // What its client had moved before, nobody knows: where no region is there may be one's memory.
  bool is_layout_lost = false;
  // The same without a past: what its client does to its memory from the beginning is told of
  // regions that are still to be mapped.
  bool is_held_back = false;
};

// The set of regions behind one userfaultfd, and that descriptor's only owner. Several fault
// threads read it: reading and applying layout events happens under its lock. Where the client can
// raise layout events, installing does too, so that no page is installed by what the layout was
// before; other clients announce, and their pages are installed without the lock.
//
// Lock order: a space's lock, then a served image's, then the pending list's. Never two spaces.
class AddressSpace {
 public:
  using Guard = std::unique_lock<std::mutex>;

  AddressSpace(SpaceId id, sys::Descriptor uffd, SpacePlan plan, Outbox &outbox);

  SpaceId id() const { return id_; }
  std::uint64_t layout_features() const { return layout_features_; }
  // For holders of a pin, or of the lock while is_open().
  int uffd() const { return uffd_.get(); }

  Guard lock() { return Guard(mutex_); }
  Guard try_lock() { return Guard(mutex_, std::try_to_lock); }
  // Somebody with a fault came while it was locked. Bulk work, which locks it again as soon as it
  // has unlocked it, is to leave it alone for a while then: else nobody comes in between.
  void want_lock() { is_lock_wanted_.store(true, std::memory_order_relaxed); }
  bool take_want() { return is_lock_wanted_.exchange(false, std::memory_order_relaxed); }
  // Held while installing: the lock, if the layout can change under us, else nothing.
  Guard lock_for_install() { return has_layout_events() ? Guard(mutex_) : Guard(); }
  bool has_layout_events() const { return layout_features_ != 0; }
  // Some of its faults take a hundred times as long as others' to serve.
  bool has_huge_pages() const { return has_huge_pages_.load(std::memory_order_relaxed); }
  // A forked child's: nobody but us has its descriptor.
  bool is_child() const { return is_child_; }
  // Null: it has none.
  const LayoutBook *book() const { return book_.get(); }
  Owner &owner() const { return owner_; }

  // Whoever enters waits in the kernel for what the client keeps, the lock of its mappings say: so
  // nobody does, and its faults stay where they are. What the sentry finds out (sentry.hpp).
  bool is_stalled() const { return is_stalled_.load() || owner_.is_shut_out.load(); }
  void note_stall(bool is_stalled) { is_stalled_.store(is_stalled); }
  // Takes it from that set until it goes on.
  void set_aside(sys::Epoll &set);
  // A fault that was read is the kernel's again, which delivers it when the space goes on.
  void leave_to_kernel(Window page);

  // Drains the descriptor: applies layout events, then leaves the faults in the batch, pinned.
  ReadOutcome read(const Guard &held, Batch &batch, Tally &thread_tally);
  RegionPin pin_at(const Guard &held, std::uint64_t address);
  // The same for a fault, which may have come from where the client has let a region grow.
  // `is_changing`: nothing was found because the layout is changing, ask again.
  RegionPin pin_for(const Guard &held, const Fault &fault, bool &is_changing);

  // Has the kernel serve all of the client's memory by itself. Why that cannot be, or nothing.
  std::string unregister(const Guard &held);
  // Whether the client waits for an event of it to be read.
  bool is_changing(const Guard &held) const;

  // The control plane will look at the regions: from here on it is told again of changes.
  void rearm_layout() { is_layout_told_.store(false); }

  // Everything below is for the thread that carries out commands.

  // Of a child's: tells the control plane, once, when its process is gone.
  void look_for_life();

  // Why not, or nothing; then the region is served from here on.
  std::optional<Refusal> add_region(std::shared_ptr<Region> region);
  // False when there is no such region. The end is announced when the last pin is gone.
  bool remove_region(std::uint32_t id, std::uint32_t request);
  void note_reset(std::uint32_t region);
  // False when there is no such region, or it is unregistered. See RegionLife::choose().
  bool choose_discard(std::uint32_t id, OnDiscard on_discard);
  // Of one with a past, or held back: every region that it is to begin with is mapped. From here on
  // it is read.
  void end_past();
  // Lets exactly these fault threads read it.
  void watch(std::vector<sys::Epoll *> sets);
  // Takes it from all fault threads for good; its session is told.
  void report_misbehaviour(const Guard &held, const std::string &reason);
  // Ends every region. The descriptor is closed when the last one is over.
  void close();

  // After faults were resolved, without the lock: goes on where pending_faults_max had paused it.
  void resume_if_drained();

  // For the watchdog. The first two never wait for the lock.
  //
  // Keeps the descriptor open; false once it is closed. For each true call drop_hold().
  bool try_hold();
  void drop_hold();
  bool lacks_watch() const { return lacks_watch_.load(std::memory_order_relaxed); }
  void retry_watch();
  // It is entered again.
  void go_on_after_stall();
  void wake_page(Window page);
  void wake_all();

  PendingFaults pending;
  Strays strays;
  Starvation starvation;
  Tally tally;

 private:
  friend class RegionPin;

  // Reads what is queued, at most as much as there is room for, and applies all but the faults.
  ReadOutcome take_in(const Guard &held, std::span<uffd_msg> &messages);
  std::optional<Refusal> resume_region(std::shared_ptr<Region> region, const std::string &what);
  // Why the descriptor cannot be served any more; empty when it can.
  std::string apply(const uffd_msg &message);
  std::string change_layout(const LayoutEvent &event);
  std::string adopt(sys::Descriptor uffd);
  bool poison_rest();
  std::string why_not_whole() const;
  // Tells the control plane to look at the regions again; once until it has.
  void tell_of_layout();
  void vacate(const Vacated &left);
  std::shared_ptr<Region> region_for(const Fault &fault, bool &is_changing);
  void collect(const uffd_msg &message, Batch &batch, std::uint64_t now_ns);
  // A page of which nobody knows what belongs there: SIGBUS, and not a thread that waits for ever.
  void poison_lost(std::uint64_t address);
  // With pending_faults_max near, no more faults are taken in. A uffd without layout events is not
  // read at all then; one with them has to be, for while one is unread nothing can be installed.
  // Its faults are turned away, and woken to come again when it goes on.
  void pause_if_full();
  // It is to be read as soon as there is something to read.
  bool is_memory_of(const Region &region) const;
  bool is_read() const { return !is_closed_ && !is_broken_ && !past_ && !is_held_back_; }
  void go_on();
  void add_to_sets();
  void unwatch();
  // A closed region has no pin any more: nobody waits on its behalf from here on.
  void end_region(RegionLife &region);
  void release(const std::vector<Waiter> &waiters);

  const SpaceId id_;
  const std::uint64_t layout_features_;
  Outbox &outbox_;
  ForkDesk *const forks_;
  const bool is_child_;
  const std::shared_ptr<Family> family_;
  Owner &owner_;
  const std::shared_ptr<LayoutBook> book_;

  std::mutex mutex_;
  sys::Descriptor uffd_;
  RegionTable regions_;
  std::optional<PastLayout> past_;
  bool is_held_back_;
  std::atomic<bool> has_huge_pages_{false};
  const bool is_layout_lost_;
  bool is_closed_ = false;
  bool is_broken_ = false;
  std::vector<sys::Epoll *> watchers_;
  // Some set could not take it: there was no memory, or there are too many watches.
  std::atomic<bool> lacks_watch_{false};
  std::atomic<bool> is_stalled_{false};
  std::atomic<bool> is_lock_wanted_{false};
  // Written under the lock. A resolver lowers the pending count, then looks here; a reader sets
  // this, then looks at the count: one of the two sees the other, so nobody stays paused.
  std::atomic<bool> is_paused_{false};
  bool has_turned_away_ = false;
  // Regions not over yet, and one for being open: at 0 the descriptor is closed.
  std::atomic<std::uint64_t> holds_{1};
  std::atomic<bool> is_layout_told_{false};
  bool is_gone_told_ = false;
  // What it discards is zeros from then on, and what it maps is not ours.
  bool is_unregistered_ = false;
  std::size_t forked_parts_ = 0;  // of a child: it was made of so many
  // Nobody serves it any more, and it lives: a child, or a client that is left to the next engine.
  bool is_kept_ = false;
};

}  // namespace pagerd::engine
