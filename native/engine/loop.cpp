#include "engine/loop.hpp"

#include <array>

#include "sys/clock.hpp"
#include "sys/thread.hpp"

namespace pagerd::engine {

namespace {

// Above every space's id.
constexpr std::uint64_t stop_token = ~std::uint64_t{0};
constexpr std::uint64_t mailbox_token = stop_token - 1;
constexpr std::uint64_t timer_token = stop_token - 2;
constexpr std::uint64_t pulse_token = stop_token - 3;

// Commands carried out in a row before faults are looked at again.
constexpr unsigned commands_in_a_row = 64;

// Reads of one space in a row before others have their turn, and how long those go on that keep
// others waiting.
constexpr unsigned reads_in_a_row = 8;
constexpr std::uint64_t turn_ns = 50'000;

}  // namespace

sys::Result<std::unique_ptr<Loop>> Loop::create(int cpu, std::uint8_t index, Spaces &spaces) {
  auto epoll = sys::Epoll::create();
  if (!epoll.ok()) return epoll.error();
  auto stop = sys::Wakeup::create();
  if (!stop.ok()) return stop.error();
  auto pulse = sys::Wakeup::create();
  if (!pulse.ok()) return pulse.error();
  return std::unique_ptr<Loop>(
      new Loop(cpu, index, spaces, epoll.take(), stop.take(), pulse.take()));
}

Loop::Loop(int cpu, std::uint8_t index, Spaces &spaces, sys::Epoll epoll, sys::Wakeup stop,
           sys::Wakeup pulse)
    : cpu_(cpu),
      spaces_(spaces),
      epoll_(std::move(epoll)),
      stop_(std::move(stop)),
      pulse_(std::move(pulse)),
      crew_([this](Crew::Member &member) { run(member); }) {
  crew_.add({index, &slices_});
}

Loop::~Loop() { stop(); }

sys::Status Loop::start(Resolver &resolver, const Chores *chores) {
  resolver_ = &resolver;
  chores_ = chores;
  auto added = epoll_.add(stop_.descriptor(), stop_token);
  if (added.ok()) added = epoll_.add(pulse_.descriptor(), pulse_token);
  if (added.ok() && chores != nullptr) {
    added = epoll_.add(chores->mailbox->descriptor(), mailbox_token);
    if (added.ok()) added = epoll_.add(chores->deferred->timer(), timer_token);
  }
  if (!added.ok()) return added.error();
  return crew_.start();
}

void Loop::stop() {
  is_stopping_.store(true);
  stop_.raise();
  crew_.join();
}

void Loop::run(Crew::Member &member) {
  sys::name_this_thread("pagerd-fault");
  sys::block_signals_on_this_thread();
  sys::pin_this_thread(cpu_);
  Batch batch;
  Turn turn{member, member.worker, batch};
  std::array<sys::Ready, 64> ready;
  while (!is_stopping_.load(std::memory_order_relaxed) && !member.is_relieved.load()) {
    const std::size_t count = slices_.is_empty() ? epoll_.wait(ready) : epoll_.look(ready);
    wakeups.add(1);
    turn.keeps_waiting = count > 1;
    turn.has_served = turn.met_lock = false;
    for (std::size_t i = 0; i < count; ++i) dispatch(ready[i], turn);
    leave_locks_alone(turn);
    go_on_with_slices(turn);
  }
}

// Epoll returns at once again while somebody has the lock of a space with faults to be read, and
// whoever has it may be waiting for this very CPU.
void Loop::leave_locks_alone(Turn &turn) {
  if (!turn.met_lock || turn.has_served) {
    turn.passes_in_vain = 0;
  } else if (++turn.passes_in_vain <= limits::lock_yields_max) {
    sys::give_way();
  } else {
    sys::sleep_for(limits::lock_pause_ns);
  }
}

void Loop::dispatch(const sys::Ready &ready, Turn &turn) {
  switch (ready.token) {
    case stop_token:
      return;
    case mailbox_token:
      return carry_out_commands(turn);
    case timer_token:
      return retry_deferred(turn);
    case pulse_token:
      return answer_pulse();
    default:
      return serve(ready, turn);
  }
}

void Loop::serve(const sys::Ready &ready, Turn &turn) {
  const std::shared_ptr<AddressSpace> space = spaces_.find(ready.token);
  if (!space) return;
  if (space->is_stalled()) return space->set_aside(epoll_);
  // The install wakes the faulter, which on one CPU runs before the ioctl returns here: by then its
  // next fault is often queued, and reading again spares the way through epoll.
  turn.worker.in_hand.enter(space->id(), &space->owner());
  const std::uint64_t end_ns = turn.keeps_waiting ? sys::monotonic_ns() + turn_ns : 0;
  for (unsigned i = 0; i < reads_in_a_row; ++i) {
    const bool has_served = serve_once(space, ready.is_broken, turn);
    if (!has_served || !slices_.is_empty() || space->has_huge_pages()) break;
    if (turn.keeps_waiting && sys::monotonic_ns() > end_ns) break;
  }
  space->resume_if_drained();
  turn.worker.in_hand.leave();
}

bool Loop::serve_once(const std::shared_ptr<AddressSpace> &space, bool is_broken, Turn &turn) {
  Batch &batch = turn.batch;
  {
    AddressSpace::Guard held = space->try_lock();
    // Another thread is reading it at this moment; what it leaves makes epoll return again.
    if (!held) {
      turn.met_lock = true;
      if (space->has_layout_events()) space->want_lock();
      return false;
    }
    if (is_broken) {
      space->report_misbehaviour(held, "polling it gives an error: is O_NONBLOCK cleared?");
      return false;
    }
    if (space->read(held, batch, turn.worker.tally) != ReadOutcome::faults) return false;
    if (batch.count == 0) return false;
    slices_.note_read(space->id(), batch.faults[0].fault.read_ns);
    if (!space->has_layout_events()) held.unlock();

    for (std::size_t i = 0; i < batch.count; ++i) {
      PinnedFault &pinned = batch.faults[i];
      if (pinned.region) {
        resolver_->serve(space, *pinned.region, pinned.fault, turn.worker);
      } else {
        resolver_->put_off(space, pinned.fault, turn.worker);
      }
    }
  }
  batch.clear();
  turn.has_served = true;
  return true;
}

void Loop::answer_pulse() {
  pulse_.clear();
  pulses.add(1);
}

// One after the other: while a client holds this thread up, the rest is there for the next one.
void Loop::retry_deferred(Turn &turn) {
  const std::uint64_t now_ns = sys::monotonic_ns();
  while (const auto deferred = chores_->deferred->take_due(now_ns)) {
    resolver_->resume(deferred->space, deferred->fault, turn.worker);
  }
}

// One, for others' faults come first.
void Loop::go_on_with_slices(Turn &turn) {
  if (const auto cut = slices_.take()) resolver_->resume(cut->space, cut->fault, turn.worker);
}

void Loop::carry_out_commands(Turn &turn) {
  chores_->mailbox->clear_wakeup();
  Command command;
  const auto take = [&] { return chores_->mailbox->take(command); };
  for (unsigned i = 0; i < commands_in_a_row; ++i) {
    if (!crew_.unless_relieved(turn.member, take)) return;
    chores_->carry_out(command, turn.worker);
    command = Command{};
  }
  chores_->mailbox->raise_again();
}

}  // namespace pagerd::engine
