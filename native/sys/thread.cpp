#include "sys/thread.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

#include "sys/check.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::sys {

std::vector<int> usable_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    }
  }
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

void name_this_thread(const char *name) { ::pthread_setname_np(::pthread_self(), name); }

void pin_this_thread(int cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  // A CPU that has gone offline meanwhile costs speed, not correctness.
  ::pthread_setaffinity_np(::pthread_self(), sizeof only, &only);
}

void give_way() { ::sched_yield(); }

void sleep_for(std::uint64_t ns) {
  const timespec pause{.tv_sec = static_cast<time_t>(ns / 1'000'000'000),
                       .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
  ::nanosleep(&pause, nullptr);
}

int this_thread_id() { return ::gettid(); }

bool is_asleep(int thread_id) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread_id);
  const Descriptor stat(::open(path, O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t got = stat.is_open() ? ::read(stat.get(), text, sizeof text - 1) : -1;
  if (got <= 0) return false;
  text[got] = '\0';
  // The state follows the name, which may hold anything.
  const char *name_end = std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' && (name_end[2] == 'S' || name_end[2] == 'D');
}

void block_signals_on_this_thread() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

Semaphore::Semaphore() { PAGERD_CHECK(::sem_init(&count_, 0, 0) == 0); }
Semaphore::~Semaphore() { ::sem_destroy(&count_); }

void Semaphore::post() { ::sem_post(&count_); }

void Semaphore::wait_until(std::uint64_t deadline_ns) {
  if (deadline_ns == 0) {
    ::sem_wait(&count_);
    return;
  }
  timespec deadline{};
  deadline.tv_sec = static_cast<time_t>(deadline_ns / 1'000'000'000u);
  deadline.tv_nsec = static_cast<long>(deadline_ns % 1'000'000'000u);
  ::sem_clockwait(&count_, CLOCK_MONOTONIC, &deadline);
}

}  // namespace pagerd::sys
