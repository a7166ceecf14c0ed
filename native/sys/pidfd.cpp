#include "sys/pidfd.hpp"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace pagerd::sys {

namespace {

// Debian 12's headers lack it.
constexpr decltype(statfs::f_type) pid_file_system = 0x50494446;

// When it began, in the kernel's ticks.
std::string start_of(pid_t pid) {
  const Descriptor file(
      ::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text{};
  if (!file.is_open() || ::read(file.get(), text.data(), text.size() - 1) <= 0) return "";
  // The name in parentheses may hold anything. What follows it begins with field 3.
  const char *field = std::strrchr(text.data(), ')');
  for (int number = 2; field && number < 22; ++number) field = std::strchr(field + 1, ' ');
  return field ? "t" + std::string(field + 1, std::strcspn(field + 1, " ")) : "";
}

}  // namespace

Result<Descriptor> open_process(pid_t pid) {
  Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.is_open()) return Error{errno, "pidfd_open"};
  return process;
}

std::string process_identity(int pidfd, pid_t pid) {
  struct stat facts{};
  struct statfs file_system{};
  const bool is_told = ::fstat(pidfd, &facts) == 0 && ::fstatfs(pidfd, &file_system) == 0;
  // Since Linux 6.9 each process has an inode of its own.
  if (is_told && file_system.f_type == pid_file_system) return "i" + std::to_string(facts.st_ino);
  return start_of(pid);
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
