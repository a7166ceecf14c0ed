#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/address_space.hpp"
#include "engine/deferred.hpp"
#include "engine/fault_ring.hpp"
#include "engine/fills.hpp"
#include "engine/install.hpp"
#include "engine/served_image.hpp"
#include "engine/slices.hpp"
#include "engine/worker.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

// Ends faults: one switch on what the fault is and what is known of its page, one ioctl a window.
// Has no state of its own; fault threads, fillers and the deferral timer all call it. After every
// call the fault has an outcome or a place where it is kept: a fill's waiters, the deferred faults,
// or (by a wake) the kernel's own queue.
class Resolver {
 public:
  Resolver(FillDesk &fills, DeferredFaults &deferred, FaultRing &ring, Outbox &outbox)
      : fills_(fills), deferred_(deferred), ring_(ring), outbox_(outbox) {}

  // A fault just read. The caller holds the region's pin, and the space's lock_for_install().
  void serve(const std::shared_ptr<AddressSpace> &space, Region &region, Fault fault,
             Worker &worker);
  // A fault of a layout that is changing: later it will show where it belongs.
  void put_off(const std::shared_ptr<AddressSpace> &space, Fault fault, Worker &worker) {
    put_off(space, std::move(fault), 0, worker);
  }
  // A fault that was kept: looks its region up again, for the layout may have changed. Takes the
  // space's lock.
  void resume(const std::shared_ptr<AddressSpace> &space, Fault fault, Worker &worker);
  // A fault that was kept, and whose page cannot be had.
  void give_up(const std::shared_ptr<AddressSpace> &space, Fault fault, const std::string &reason,
               Worker &worker);

 private:
  // One fault with everything it is about.
  struct Served {
    const std::shared_ptr<AddressSpace> &space;
    Region &region;
    Fault fault;
    Worker &worker;
  };
  // Of deferrals: want of memory does not pass in microseconds.
  static constexpr unsigned slow = 6;

  void serve(Served &served);
  static std::uint64_t grown_bytes_max(const Served &served);
  bool install_ready(Served &served, image::Run run);
  void serve_huge_page(Served &served);
  void note_touch(const Served &served, std::uint64_t first, std::uint64_t end);
  // For the bytes of an image page, and those of `wanted` along with it. `waiting`: the fault is
  // kept, or was for another thread of the same page.
  Ask ask(Served &served, image::Run wanted, std::uint64_t page);
  // After any answer but `ready`.
  void wait(Served &served, Ask answer);
  bool install_slice(Served &served, image::Run run);
  Installed install(Served &served, image::Run run);
  void count(Served &served, const PageCounts &pages);
  void conclude(Served &served, Installed installed);
  void poison(Served &served, const std::string &reason);
  void let_go(Served &served, std::uint64_t pages);
  void starve(Served &served);
  void defer(Served &served, unsigned slowness);
  void put_off(const std::shared_ptr<AddressSpace> &space, Fault fault, unsigned slowness,
               Worker &worker);
  void finish(Served &served, Outcome outcome, std::uint64_t pages);
  RegionPin find_again(AddressSpace::Guard &held, const std::shared_ptr<AddressSpace> &space,
                       const Fault &fault, Worker &worker);

  FillDesk &fills_;
  DeferredFaults &deferred_;
  FaultRing &ring_;
  Outbox &outbox_;
};

}  // namespace pagerd::engine
