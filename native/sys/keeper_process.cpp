#include "sys/keeper_process.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "sys/uffd.hpp"

namespace pagerd::sys {

namespace {

constexpr std::string_view process_name = "pagerd-keeper";
constexpr std::string_view userfaultfd_link = "anon_inode:[userfaultfd]";
constexpr std::string_view layout_book_link = "/memfd:pagerd-layout";
// Between two looks at whether the processes of its userfaultfds live.
constexpr int look_ms = 1'000;

// For those who look at processes: it is no second manager.
void rename_process() {
  ::prctl(PR_SET_NAME, process_name.data());
  std::array<char, 4096> line;
  const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  ssize_t length = 0;
  for (ssize_t part = 1; part > 0 && file >= 0; length += part) {
    part = ::read(file, line.data(), line.size());
    if (part < 0) break;
  }
  ::close(file);
  // Here the arguments begin, in one piece.
  char *arguments = program_invocation_name;
  for (ssize_t i = 0; i < length; ++i) {
    const auto at = static_cast<std::size_t>(i);
    arguments[i] = at < process_name.size() ? process_name[at] : '\0';
  }
}

// One line of /proc/self/maps.
struct Mapped {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  std::string_view path;

  bool contains(const void *what) const {
    const auto address = reinterpret_cast<std::uintptr_t>(what);
    return start <= address && address < end;
  }
};

// "start-end permissions offset device inode  path"
Mapped mapped_of(std::string_view line) {
  Mapped mapped;
  const char *end = line.data() + line.size();
  const auto after = std::from_chars(line.data(), end, mapped.start, 16).ptr;
  if (after < end) std::from_chars(after + 1, end, mapped.end, 16);
  const auto path = line.find_first_of("/[");
  if (path != std::string_view::npos) mapped.path = line.substr(path);
  return mapped;
}

bool is_program(std::string_view path) {
  return path.starts_with('/') && !path.starts_with("/memfd:");
}

// Programs and their data, which are a little, stay, and what this thread stands on. Images do not:
// the maker could not free them any more.
class Shrinking {
 public:
  void look_at(const Mapped &mapped) {
    const bool is_data = mapped.path.empty() && mapped.start == program_end_;
    const bool is_stood_on = mapped.contains(this) || mapped.contains(&errno);
    const bool is_kernels = mapped.path.starts_with('[') && !mapped.path.starts_with("[heap") &&
                            !mapped.path.starts_with("[anon");
    if (is_program(mapped.path)) program_end_ = mapped.end;
    if (is_program(mapped.path) || is_data || is_stood_on || is_kernels) return;
    ::munmap(reinterpret_cast<void *>(mapped.start), mapped.end - mapped.start);
  }

 private:
  std::uintptr_t program_end_ = 0;
};

void shrink() {
  const int file = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  Shrinking shrinking;
  std::array<char, 8192> text;
  std::size_t have = 0;
  for (;;) {
    const ssize_t part = ::read(file, text.data() + have, text.size() - have);
    if (part <= 0) break;
    have += static_cast<std::size_t>(part);
    std::string_view rest(text.data(), have);
    for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
      shrinking.look_at(mapped_of(rest.substr(0, end)));
    }
    have = rest.size();
    std::memmove(text.data(), rest.data(), have);
  }
  ::close(file);
}

void await_end(int pidfd) {
  pollfd watched{pidfd, POLLIN, 0};
  while (::poll(&watched, 1, -1) < 0 && errno == EINTR) continue;
}

// Calls back with each number that is open, and what its link says.
template <typename Look>
void look_at_descriptors(Look look) {
  const int folder = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alignas(dirent64) std::array<char, 4096> entries;
  for (;;) {
    const long bytes = ::syscall(SYS_getdents64, folder, entries.data(), entries.size());
    if (bytes <= 0) break;
    for (long at = 0; at < bytes;) {
      const auto *entry = reinterpret_cast<const dirent64 *>(entries.data() + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      int number = -1;
      std::from_chars(name.begin(), name.end(), number);
      if (number < 0 || number == folder) continue;
      std::array<char, 64> target;
      const ssize_t length = ::readlinkat(folder, entry->d_name, target.data(), target.size());
      if (length <= 0) continue;
      look(number, std::string_view(target.data(), static_cast<std::size_t>(length)));
    }
  }
  ::close(folder);
}

// What others wait for the end of comes to its end here: sockets, locks.
void drop_others(HeldElsewhere held) {
  look_at_descriptors([&](int number, std::string_view link) {
    const auto index = static_cast<std::size_t>(number);
    const bool is_held = index < held.count && held.bytes[index] != 0;
    const bool is_ours_alone = link == userfaultfd_link && !is_held;
    if (!is_ours_alone && !link.starts_with(layout_book_link)) ::close(number);
  });
}

bool has_any_left() {
  bool is_left = false;
  look_at_descriptors([&](int number, std::string_view link) {
    if (link != userfaultfd_link) return;
    // Of what a layout book tells, there is a userfaultfd.
    if (uffd_is_gone(number)) ::close(number);
    else is_left = true;
  });
  return is_left;
}

}  // namespace

void run_keeper(int maker_pidfd, HeldElsewhere held) {
  ::setsid();
  // The next manager may be of another process tree, and still has to be let in.
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  rename_process();
  shrink();
  await_end(maker_pidfd);
  drop_others(held);
  while (has_any_left()) ::poll(nullptr, 0, look_ms);
  ::_exit(0);
}

}  // namespace pagerd::sys
