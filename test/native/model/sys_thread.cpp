// native/sys/thread.hpp and clock.hpp without a kernel.
#include "sys/thread.hpp"

#include "scheduler.hpp"
#include "sys/clock.hpp"

namespace pagerd::sys {

namespace {

// Of a semaphore, kept in its own room: what it counts, and until when somebody waits for it.
struct State {
  std::uint64_t count;
  std::uint64_t deadline_ns;
};
static_assert(sizeof(State) <= sizeof(sem_t));

State &state_of(sem_t &count) { return reinterpret_cast<State &>(count); }

}  // namespace

// As many as there are fault threads.
std::vector<int> usable_cpus() { return {0, 1}; }

void name_this_thread(const char *name) {
  // "pagerd-fault" and "pagerd-filler".
  model::scheduler().current()->name = name + sizeof "pagerd";
}

void pin_this_thread(int) {}
void give_way() { model::scheduler().yield("sched_yield"); }
void sleep_for(std::uint64_t) { give_way(); }
int this_thread_id() { return 0; }
bool is_asleep(int) { return false; }
void block_signals_on_this_thread() {}

Semaphore::Semaphore() {
  state_of(count_) = {};
  model::scheduler().watch_deadline(&state_of(count_).deadline_ns);
}
Semaphore::~Semaphore() = default;

void Semaphore::post() {
  ++state_of(count_).count;
  model::scheduler().note_act();
}

void Semaphore::wait_until(std::uint64_t deadline_ns) {
  State &state = state_of(count_);
  state.deadline_ns = deadline_ns;
  const auto is_over = [&] {
    return deadline_ns != 0 && deadline_ns <= model::scheduler().now_ns();
  };
  model::scheduler().block("sem_wait", [&] { return state.count > 0 || is_over(); });
  state.deadline_ns = 0;
  if (state.count > 0) --state.count;
}

std::uint64_t monotonic_ns() { return model::scheduler().now_ns(); }
std::uint64_t realtime_ns() { return model::scheduler().now_ns(); }

}  // namespace pagerd::sys
