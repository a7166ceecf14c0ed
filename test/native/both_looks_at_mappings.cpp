// Looks at mappings of its own in both ways that libpagerd has, and prints what differs.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "client/sys_mappings.hpp"

namespace {

using namespace pagerd::client;

constexpr std::size_t length = 64 * 4096;

void *map(int access, int flags, int file = -1) {
  return ::mmap(nullptr, length, access, flags | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
}

bool is_equal(const Mapping &one, const Mapping &other) {
  return one.range.start == other.range.start &&
         one.range.length_bytes == other.range.length_bytes &&
         one.is_readable == other.is_readable && one.is_writable == other.is_writable &&
         one.is_shared == other.is_shared && one.has_file == other.has_file;
}

void compare(const char *name, void *address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address) + 4096 + 5;
  Result<Mapping> found = search_for_mapping_at(at);
  Result<Mapping> answer = ask_for_mapping_at(at);
  if (!found.ok()) {
    std::printf("%s: %s\n", name, answer.ok() ? "they differ" : found.error().code.c_str());
    return;
  }
  const Mapping &is = found.value();
  // Kernels before 6.11 do not answer; everything else comes out of the list.
  const bool differs = answer.ok() && !is_equal(is, answer.value());
  std::printf("%s: %c%c%c%s%s\n", name, is.is_readable ? 'r' : '-', is.is_writable ? 'w' : '-',
              is.is_shared ? 's' : 'p', is.has_file ? " file" : "", differs ? " they differ" : "");
}

}  // namespace

int main() {
  const int file = ::memfd_create("file", 0);
  if (::ftruncate(file, length) != 0) return 1;

  compare("anonymous", map(PROT_READ | PROT_WRITE, MAP_PRIVATE));
  compare("closed", map(PROT_NONE, MAP_PRIVATE));
  compare("shared anonymous", map(PROT_READ | PROT_WRITE, MAP_SHARED));
  compare("private file", map(PROT_READ, MAP_PRIVATE, file));
  compare("shared file", map(PROT_READ | PROT_WRITE, MAP_SHARED, file));
  void *gone = map(PROT_READ, MAP_PRIVATE);
  ::munmap(gone, length);
  compare("nothing", gone);
  void *locked = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
  if (::mlock(locked, 4096) != 0) return 2;
  const auto at = reinterpret_cast<std::uintptr_t>(locked);
  std::printf("locked: %d %d\n", is_locked_at(at + 1), is_locked_at(at + 4096));
}
