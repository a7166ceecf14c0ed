#include "sys/keeper.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "sys/keeper_process.hpp"
#include "sys/pidfd.hpp"
#include "sys/uffd.hpp"

namespace pagerd::sys {

namespace {

// More numbers than Linux gives a process unless it was told to.
constexpr std::size_t numbers_max = std::size_t{1} << 20;

// Shared with the keeper, which looks at it after our end.
std::uint8_t *held_elsewhere() {
  static std::uint8_t *const bytes = [] {
    void *made = ::mmap(nullptr, numbers_max, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return made == MAP_FAILED ? nullptr : static_cast<std::uint8_t *>(made);
  }();
  return bytes;
}

void note(int descriptor, std::uint8_t is_held) {
  std::uint8_t *bytes = held_elsewhere();
  const auto number = static_cast<std::size_t>(descriptor);
  // What is not noted is kept: a little too much is no harm.
  if (!bytes || descriptor < 0 || number >= numbers_max) return;
  std::atomic_ref(bytes[number]).store(is_held, std::memory_order_relaxed);
}

// -1 with errno set. The keeper never returns from here.
pid_t clone_keeper(int self) {
  // It must take no signal with our handlers, nor end when a terminal ends everything.
  const HeldElsewhere held{held_elsewhere(), held_elsewhere() ? numbers_max : 0};
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0));
  if (pid == 0) run_keeper(self, held);
  const int code = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = code;
  return pid;
}

}  // namespace

Result<pid_t> start_keeper() {
  static pid_t keeper = 0;
  static Descriptor self;
  // It is no child that SIGCHLD tells of.
  if (keeper > 0 && ::waitpid(keeper, nullptr, __WALL | WNOHANG) == 0) return keeper;
  keeper = 0;
  if (!self.is_open()) {
    Result<Descriptor> opened = open_process(::getpid());
    if (!opened.ok()) return opened.error();
    self = opened.take();
  }
  // Makes what it makes once: in the keeper there may be nobody any more to wait for.
  [[maybe_unused]] const bool is_gone = uffd_is_gone(self.get());
  const pid_t started = clone_keeper(self.get());
  if (started < 0) return Error{errno, "clone of a keeper"};
  keeper = started;
  return keeper;
}

void note_held_elsewhere(int descriptor) { note(descriptor, 1); }

void forget_held_elsewhere(int descriptor) { note(descriptor, 0); }

}  // namespace pagerd::sys
