#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "engine/commands.hpp"
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
  std::function<void(Command &)> carry_out;
};

// One fault thread, pinned to one CPU. Every uffd is in every loop's epoll set, level-triggered: a
// fault wakes the loop on the CPU where the faulter has just gone to sleep at once, others take
// longer and then read EAGAIN. So a fault is resolved where it was taken, which is what a fault
// costs (7 us there, 50 us from another CPU).
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
  Worker &worker() { return worker_; }
  Counter wakeups;

 private:
  Loop(int cpu, std::uint8_t index, Spaces &spaces, sys::Epoll epoll, sys::Wakeup stop,
       sys::Wakeup pulse);

  void run();
  void dispatch(const sys::Ready &ready);
  void serve(const sys::Ready &ready);
  // Reads once and serves what came; false when there is nothing more to read now.
  bool serve_once(const std::shared_ptr<AddressSpace> &space, bool is_broken);
  void answer_pulse();
  void retry_deferred();
  void go_on_with_slices();
  void carry_out_commands();

  const int cpu_;
  Spaces &spaces_;
  sys::Epoll epoll_;
  sys::Wakeup stop_;
  sys::Wakeup pulse_;
  Resolver *resolver_ = nullptr;
  const Chores *chores_ = nullptr;
  Worker worker_;
  Slices slices_;
  Batch batch_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace pagerd::engine
