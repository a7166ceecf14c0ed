#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/commands.hpp"
#include "engine/deferred.hpp"
#include "engine/events.hpp"
#include "engine/family.hpp"
#include "engine/fault_ring.hpp"
#include "engine/filler_pool.hpp"
#include "engine/kept_children.hpp"
#include "engine/loop.hpp"
#include "engine/rescue.hpp"
#include "engine/resolver.hpp"
#include "engine/sentry.hpp"
#include "engine/spaces.hpp"
#include "engine/stalled_commands.hpp"
#include "engine/unregister.hpp"

namespace pagerd::engine {

struct Options {
  unsigned fault_threads = 0;   // 0: one per CPU, at most 4
  unsigned filler_threads = 0;  // 0: two, or one per CPU up to 4
  std::size_t spaces_max = limits::spaces_max;
  FillPolicy fill_policy{5, 10'000'000, 1'000'000'000};
  std::uint64_t window_bytes_default = 64 * 1024;
  bool has_sentry = true;
};

// The engine: its threads, its queues, every image and every address space. All of it is called
// from one thread, the control plane's; nothing here waits for a fault. Work that touches what
// fault threads lock goes through the mailbox.
class Engine final : public ForkDesk {
 public:
  // `wake` is called from any thread when there are events to take.
  static sys::Result<std::unique_ptr<Engine>> start(const Options &options,
                                                    std::function<void()> wake);
  ~Engine();

  // Joins every thread, drops what is queued and closes the spaces still attached. Only looking at
  // counters is allowed after it; fills, regions and spaces that the caller keeps do no harm.
  void stop();

  std::shared_ptr<ServedImage> add_image(image::Image image,
                                         std::optional<image::FileSource> file);
  bool remove_image(std::uint32_t id);
  std::shared_ptr<ServedImage> find_image(std::uint32_t id) const;
  // The job's bytes, exactly as many as were asked for. Or, with a reason, none.
  void complete_fill(std::shared_ptr<FillJob> job, std::span<const std::byte> bytes);
  // `attempts`: how many have failed by now, the job's own included.
  void fail_fill(std::shared_ptr<FillJob> job, const std::string &reason, unsigned attempts);

  // Null when spaces_max are attached or have not been taken leave of. `layout_features`: of those
  // that raise layout events, which the userfaultfd has. `cpu`: where all of the client's threads
  // run, or -1. `uid`: whose it is. `is_held_back`: it is not read before end_past().
  std::shared_ptr<AddressSpace> attach(sys::Descriptor uffd, std::uint64_t layout_features,
                                       int cpu, std::uint32_t uid = 0,
                                       bool is_held_back = false);
  // Goes on with a space of an earlier engine. By its layout book: the regions that it had are to
  // be mapped, then end_past() is to be called. Without one nobody knows what its client has done;
  // it gets none here either. Null as above, for a child beyond children_max.
  enum class Kin { client, child };
  std::shared_ptr<AddressSpace> adopt(sys::Descriptor uffd, std::uint64_t layout_features, int cpu,
                                      std::optional<AdoptedBook> book, Kin is,
                                      std::uint32_t uid = 0);
  // False: too much is under way, ask again later.
  bool end_past(const std::shared_ptr<AddressSpace> &space);
  // Of a child that nobody serves: as long as it lives. False beyond children_kept_max.
  bool keep(sys::Descriptor uffd) override { return kept_children_.keep(std::move(uffd)); }
  // How many; those of which the process is gone are dropped a little later.
  std::size_t look_at_kept();
  // We end, and another engine comes: children keep waiting, and what we know of their layout, and
  // of clients', stays open.
  void leave_children() { kept_children_.leave(); }
  // A space is detached once. A `detached` event follows.
  void detach(const std::shared_ptr<AddressSpace> &space);
  // For a child's space: a `gone` event follows, once, if its process is no more. False as below.
  bool look_for_life(const std::shared_ptr<AddressSpace> &space);
  // False: too much is under way, ask again later.
  bool watch(const std::shared_ptr<AddressSpace> &space, int cpu);
  bool note_reset(const std::shared_ptr<AddressSpace> &space, std::uint32_t region);
  // Lets those who wait for the page (0: for any) fault again, and whatever fault thread could not
  // watch the space watch it.
  bool wake(const std::shared_ptr<AddressSpace> &space, std::uint64_t address);
  // Poisons what waits since before that moment for bytes or for another try.
  bool give_up(const std::shared_ptr<AddressSpace> &space, std::uint64_t since_ns,
               const std::string &reason);
  // The same, and each is answered by one event. `range` is of addresses within the region.
  bool map(const std::shared_ptr<AddressSpace> &space, std::shared_ptr<Region> region,
           std::uint32_t request);
  bool unmap(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
             std::uint32_t request);
  bool choose_discard(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
                      OnDiscard on_discard, std::uint32_t request);
  bool prefault(const std::shared_ptr<AddressSpace> &space, std::uint32_t region, Window range,
                std::uint32_t request);
  // Of a working set: in this order, and what cannot be installed is left to demand.
  bool replay(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
              std::vector<Window> ranges, std::uint32_t request);

  // All of a region, for a client that is to depend on nobody: every page, or it has failed. Bytes
  // are copied at that rate at most. Answered like a prefault.
  bool populate(const std::shared_ptr<AddressSpace> &space, std::uint32_t region, Window range,
                std::uint64_t bytes_per_second, std::uint32_t request);
  // Makes it depend on nobody, if all of its regions are populated. Answered by one event.
  bool unregister(const std::shared_ptr<AddressSpace> &space, std::uint32_t request);

  // Brings every page of an image into memory.
  bool load(const std::shared_ptr<ServedImage> &image, std::uint32_t request);

  // From here on `wake` is called again: to be said before events are taken.
  void rearm() { outbox_.rearm(); }
  bool take_event(Event &event);
  // An answer of the control plane's own, which comes to it with the others.
  void refuse(Event refusal);
  std::uint64_t events_dropped() const { return outbox_.dropped(); }

  // Of what was read of the space: the fault that is the longest without an outcome, pending or in
  // a thread's hand.
  Unresolved oldest_fault(const AddressSpace &space) const;
  // Whether any fault of the space is pending, or a thread is about it.
  bool is_about(const AddressSpace &space) const;

  const FaultRing &ring() const { return ring_; }
  const std::vector<std::unique_ptr<Loop>> &loops() const { return loops_; }
  const FillerPool &fillers() const { return fillers_; }
  // Threads that wait in the kernel for a client, or a file, that does not let go.
  std::size_t threads_held() const { return sentry_.threads_held(); }
  const std::map<std::uint32_t, std::shared_ptr<ServedImage>> &images() const { return images_; }
  std::uint64_t window_bytes_default() const { return options_.window_bytes_default; }
  const Histogram &fill_latency() const { return fillers_.fill_latency; }

 private:
  Engine(const Options &options, std::function<void()> wake, std::unique_ptr<Mailbox> mailbox,
         std::unique_ptr<DeferredFaults> deferred);

  sys::Status start_threads();
  std::shared_ptr<AddressSpace> open(sys::Descriptor uffd, SpacePlan plan, int cpu);
  void carry_out(Command &command, Worker &worker);
  void carry_out_now(Command &command, Worker &worker);
  void carry_out_map(Command &command);
  void carry_out_choose(const Command &command);
  void refuse_unknown(const Command &command);
  void carry_out_detach(AddressSpace &space);
  std::vector<sys::Epoll *> loops_near(int cpu);
  // Any fault thread, under the parent's lock.
  std::shared_ptr<AddressSpace> open_child(const AddressSpace &parent,
                                           const std::shared_ptr<Family> &family,
                                           sys::Descriptor &uffd) override;
  bool leaves_children() const override { return kept_children_.is_left(); }
  std::shared_ptr<AddressSpace> create_child(SpacePlan plan, sys::Descriptor &uffd);
  void begin(std::shared_ptr<PrefaultJob> job);
  template <typename Look>
  void look_at_hands(const AddressSpace &space, Look look) const;
  bool post(Command command);

  // In this order, because each may use those above it until its last moment.
  const Options options_;
  Outbox outbox_;
  FaultRing ring_{limits::fault_ring_records};
  std::unique_ptr<Mailbox> mailbox_;
  std::unique_ptr<DeferredFaults> deferred_;
  FillerPool fillers_;
  Resolver resolver_;
  Rescue rescue_;
  KeptChildren kept_children_;
  // Children whose last event the control plane has still to take.
  std::atomic<std::size_t> children_open_{0};
  Spaces spaces_;
  Owners owners_;
  StalledCommands stalled_;
  Chores chores_;
  std::map<std::uint32_t, std::shared_ptr<ServedImage>> images_;
  std::uint32_t last_image_ = 0;
  // Commands whose answers, and spaces whose last events, the control plane has still to take.
  std::size_t answers_owed_ = 0;
  std::size_t spaces_open_ = 0;
  std::deque<Event> refusals_;
  std::vector<std::unique_ptr<Loop>> loops_;
  Sentry sentry_;
};

}  // namespace pagerd::engine
