#include "sys/process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sys/uapi.hpp"

namespace pagerd::sys {

namespace {

struct Directory {
  explicit Directory(const char *path) : stream(::opendir(path)) {}
  Directory(const Directory &) = delete;
  Directory &operator=(const Directory &) = delete;
  ~Directory() {
    if (stream) ::closedir(stream);
  }
  DIR *stream;
};

std::string proc_self(const char *folder, int descriptor) {
  return std::string("/proc/self/") + folder + "/" + std::to_string(descriptor);
}

std::string read_link(const std::string &path) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

// What the kernel says of a descriptor; a userfaultfd's fits.
bool read_fdinfo(int descriptor, std::array<char, 512> &text) {
  const Descriptor file(::open(proc_self("fdinfo", descriptor).c_str(), O_RDONLY | O_CLOEXEC));
  return file.is_open() && ::read(file.get(), text.data(), text.size() - 1) > 0;
}

// The line is "API:\taa:<features>:<what the kernel can do>", all hexadecimal.
bool read_features(int descriptor, std::uint64_t &features) {
  std::array<char, 512> text{};
  if (!read_fdinfo(descriptor, text)) return false;

  unsigned long long version = 0;
  unsigned long long read = 0;
  const char *line = std::strstr(text.data(), "API:");
  if (!line || std::sscanf(line, "API: %llx:%llx", &version, &read) != 2) return false;
  features = read;
  return true;
}

// -1 when the thread may run on several CPUs, or has gone.
int only_cpu(pid_t thread) {
  cpu_set_t allowed;
  if (::sched_getaffinity(thread, sizeof allowed, &allowed) < 0) return -1;
  if (CPU_COUNT(&allowed) != 1) return -1;
  int cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  return cpu;
}

}  // namespace

DescriptorKind describe_descriptor(int descriptor) {
  DescriptorKind kind;
  kind.name = read_link(proc_self("fd", descriptor));
  // No path can look like this: a file's link begins with a slash.
  kind.is_userfaultfd = kind.name == "anon_inode:[userfaultfd]";
  // Only shared memory knows seals, and asking for them never leaves the kernel.
  kind.is_shared_memory = ::fcntl(descriptor, F_GET_SEALS) >= 0;

  std::uint64_t features = 0;
  if (kind.is_userfaultfd && read_features(descriptor, features)) {
    kind.is_initialised = (features & uapi::feature_initialised) != 0;
    kind.features = static_cast<std::uint32_t>(features & ~uapi::feature_initialised);
  }
  return kind;
}

Result<FaultWaiters> fault_waiters(int uffd) {
  std::array<char, 512> text{};
  unsigned long long unread = 0;
  unsigned long long all = 0;
  if (!read_fdinfo(uffd, text)) return Error{errno, "read(fdinfo)"};
  const char *line = std::strstr(text.data(), "pending:");
  if (!line || std::sscanf(line, "pending: %llu total: %llu", &unread, &all) != 2) {
    return Error{EPROTO, "fdinfo of a userfaultfd"};
  }
  return FaultWaiters{unread, all - std::min(unread, all)};
}

int pinned_cpu(pid_t pid) {
  const Directory threads(("/proc/" + std::to_string(pid) + "/task").c_str());
  if (!threads.stream) return -1;

  int pinned = -1;
  int threads_seen = 0;
  while (const dirent *entry = ::readdir(threads.stream)) {
    pid_t thread = 0;
    const char *end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, thread).ptr != end) continue;  // "." and ".."
    if (++threads_seen > pinned_threads_max) return -1;

    const int cpu = only_cpu(thread);
    if (cpu < 0 || (pinned >= 0 && cpu != pinned)) return -1;
    pinned = cpu;
  }
  return pinned;
}

Result<Descriptor> open_userfaultfd_device() {
  Descriptor device(::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC));
  if (!device.is_open()) return Error{errno, "open(/dev/userfaultfd)"};
  return device;
}

Result<DescriptorLimit> raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return Error{errno, "getrlimit(RLIMIT_NOFILE)"};
  const std::uint64_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) return Error{errno, "setrlimit(RLIMIT_NOFILE)"};
  return DescriptorLimit{before, limit.rlim_max};
}

}  // namespace pagerd::sys
