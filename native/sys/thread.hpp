#pragma once

#include <semaphore.h>

#include <cstdint>
#include <vector>

namespace pagerd::sys {

// The CPUs this process may run on, in order.
std::vector<int> usable_cpus();

void name_this_thread(const char *name);
void pin_this_thread(int cpu);

// Lets others go first that wait for this CPU.
void give_way();
void sleep_for(std::uint64_t ns);

int this_thread_id();
// Whether a thread of this process waits for something other than a CPU.
bool is_asleep(int thread_id);

// No signal is ever delivered on our threads: they belong to the process's own.
void block_signals_on_this_thread();

// Counts work that waits for a filler. post() never blocks and never allocates.
class Semaphore {
 public:
  Semaphore();
  ~Semaphore();
  Semaphore(const Semaphore &) = delete;
  Semaphore &operator=(const Semaphore &) = delete;

  void post();
  // Until a post, or until the deadline (monotonic; 0: none).
  void wait_until(std::uint64_t deadline_ns);

 private:
  sem_t count_;
};

}  // namespace pagerd::sys
