#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "engine/commands.hpp"
#include "engine/crew.hpp"
#include "engine/deferred.hpp"
#include "engine/resolver.hpp"
#include "engine/spaces.hpp"
#include "sys/poll.hpp"

namespace pagerd::engine {

// Work that one of the loops does besides faults: the control plane's commands, and faults deferred
// by any thread.
struct Chores {
  Mailbox *mailbox;
  DeferredFaults *deferred;
  std::function<void(Command &, Worker &)> carry_out;
};

// One fault thread, pinned to one CPU, and whoever takes its place when a client holds it up. Every
// uffd is in every loop's epoll set, level-triggered: a fault wakes the loop on the CPU where the
// faulter has just gone to sleep at once, others take longer and then read EAGAIN. So a fault is
// resolved where it was taken, which is what a fault costs (7 us there, 50 us from another CPU).
class Loop {
 public:
  static sys::Result<std::unique_ptr<Loop>> create(int cpu, std::uint8_t index, Spaces &spaces);
  ~Loop();

  // `chores` is for the first loop only.
  sys::Status start(Resolver &resolver, const Chores *chores);
  void stop();

  // Makes the thread count one pulse more, if it still goes round. Any thread.
  void ask_pulse() { pulse_.raise(); }
  Counter pulses;

  int cpu() const { return cpu_; }
  sys::Epoll &epoll() { return epoll_; }
  Worker &worker() { return crew_.first(); }
  Crew &crew() { return crew_; }
  const Crew &crew() const { return crew_; }
  Counter wakeups;

 private:
  Loop(int cpu, std::uint8_t index, Spaces &spaces, sys::Epoll epoll, sys::Wakeup stop,
       sys::Wakeup pulse);

  // One member's: nobody else uses its batch.
  struct Turn {
    Crew::Member &member;
    Worker &worker;
    Batch &batch;
    bool keeps_waiting = false;  // others are ready as well
    bool has_served = false;
    bool met_lock = false;
    unsigned passes_in_vain = 0;
  };

  void run(Crew::Member &member);
  void dispatch(const sys::Ready &ready, Turn &turn);
  void serve(const sys::Ready &ready, Turn &turn);
  // Reads once and serves what came; false when there is nothing more to read now.
  bool serve_once(const std::shared_ptr<AddressSpace> &space, bool is_broken, Turn &turn);
  void answer_pulse();
  void retry_deferred(Turn &turn);
  void go_on_with_slices(Turn &turn);
  void leave_locks_alone(Turn &turn);
  void carry_out_commands(Turn &turn);

  const int cpu_;
  Spaces &spaces_;
  sys::Epoll epoll_;
  sys::Wakeup stop_;
  sys::Wakeup pulse_;
  Resolver *resolver_ = nullptr;
  const Chores *chores_ = nullptr;
  Slices slices_;
  std::atomic<bool> is_stopping_{false};
  Crew crew_;
};

}  // namespace pagerd::engine
