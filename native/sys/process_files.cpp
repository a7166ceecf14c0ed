#include "sys/process_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <string_view>

#include "sys/memory.hpp"

namespace pagerd::sys {

namespace {

// As the engine names the memory of its images.
constexpr std::string_view image_link = "/memfd:pagerd-image";
constexpr std::string_view userfaultfd_link = "anon_inode:[userfaultfd]";

// Calls back with each number that the process has open, and what its link says, until told to
// stop.
template <typename Take>
void look_at_files(pid_t pid, Take take) {
  DIR *folder = ::opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
  if (!folder) return;
  while (const dirent *entry = ::readdir(folder)) {
    std::array<char, PATH_MAX> target;
    const ssize_t length =
        ::readlinkat(::dirfd(folder), entry->d_name, target.data(), target.size());
    if (length <= 0) continue;  // "." and "..", and what has been closed meanwhile
    const std::string_view link(target.data(), static_cast<std::size_t>(length));
    if (!take(::dirfd(folder), entry->d_name, link)) break;
  }
  ::closedir(folder);
}

}  // namespace

std::vector<OpenMemory> open_image_memory(pid_t pid, const std::vector<std::string> &wanted) {
  std::vector<OpenMemory> found;
  look_at_files(pid, [&](int folder, const char *number, std::string_view link) {
    // The link first: looking at a file of another kind could take as long as its file system
    // likes.
    if (!link.starts_with(image_link)) return true;
    Descriptor file(::openat(folder, number, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) return true;
    Result<MemfdIdentity> identity = identity_of_memfd(file);
    if (!identity.ok()) return true;
    const std::string memory = identity.value().text();
    const auto is_it = [&](const OpenMemory &other) { return other.memory == memory; };
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), memory) != wanted.end();
    if (is_wanted && std::none_of(found.begin(), found.end(), is_it)) {
      found.push_back({memory, std::move(file)});
    }
    return found.size() < wanted.size();
  });
  return found;
}

std::vector<int> userfaultfds_of(pid_t pid) {
  std::vector<int> numbers;
  look_at_files(pid, [&](int, const char *name, std::string_view link) {
    int number = 0;
    const char *end = name + std::strlen(name);
    if (link == userfaultfd_link && std::from_chars(name, end, number).ptr == end) {
      numbers.push_back(number);
    }
    return true;
  });
  return numbers;
}

}  // namespace pagerd::sys
