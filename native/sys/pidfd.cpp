#include "sys/pidfd.hpp"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace pagerd::sys {

Result<Descriptor> open_process(pid_t pid) {
  Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.is_open()) return Error{errno, "pidfd_open"};
  return process;
}

Result<Descriptor> copy_descriptor_of(int pidfd, int number) {
  Descriptor copy(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, number, 0)));
  if (!copy.is_open()) return Error{errno, "pidfd_getfd"};
  return copy;
}

void kill_process(int pidfd) {
  // It may have ended by itself.
  [[maybe_unused]] const long sent =
      ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
}

bool is_same_file(int one, int other) {
  const pid_t self = ::getpid();
  return ::syscall(SYS_kcmp, self, self, KCMP_FILE, one, other) == 0;
}

}  // namespace pagerd::sys
