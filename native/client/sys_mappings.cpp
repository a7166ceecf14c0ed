#include "client/sys_mappings.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "client/limits.hpp"
#include "sys/descriptor.hpp"

#ifndef MADV_COLD
#define MADV_COLD 20
#endif

namespace pagerd::client {

namespace {

constexpr const char *maps_path = "/proc/self/maps";

// struct procmap_query of linux/fs.h, which Debian 12's headers lack.
struct MappingQuestion {
  std::uint64_t size;
  std::uint64_t query_flags;
  std::uint64_t query_address;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t flags;
  std::uint64_t page_bytes;
  std::uint64_t offset;
  std::uint64_t inode;
  std::uint32_t device_major;
  std::uint32_t device_minor;
  std::uint32_t name_size;
  std::uint32_t build_id_size;
  std::uint64_t name_address;
  std::uint64_t build_id_address;
};
static_assert(sizeof(MappingQuestion) == 104);

constexpr unsigned long ioctl_mapping_question = 0xC0686611;  // PROCMAP_QUERY
static_assert(ioctl_mapping_question == _IOWR('f', 17, MappingQuestion));

constexpr std::uint64_t flag_readable = 1;
constexpr std::uint64_t flag_writable = 2;
constexpr std::uint64_t flag_shared = 8;

Failure nothing_there(std::uintptr_t address) {
  return failure("unsupported_memory", "Nothing is mapped at %#lx", address);
}

// One line of the list; false for the rest of a line that was too long.
bool read_line(const char *line, Mapping &mapping) {
  unsigned long start = 0;
  unsigned long end = 0;
  unsigned long inode = 0;
  char access[5] = {};
  if (std::sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu", &start, &end, access, &inode) != 4)
    return false;
  mapping = {.range = {start, end - start},
             .is_readable = access[0] == 'r',
             .is_writable = access[1] == 'w',
             .is_shared = access[3] == 's',
             .has_file = inode != 0};
  return true;
}

}  // namespace

Result<Mapping> mapping_at(std::uintptr_t address) {
  Result<Mapping> asked = ask_for_mapping_at(address);
  return asked.ok() ? asked : search_for_mapping_at(address);
}

Result<Mapping> ask_for_mapping_at(std::uintptr_t address) {
  const sys::Descriptor maps(::open(maps_path, O_RDONLY | O_CLOEXEC));
  MappingQuestion question = {};
  question.size = sizeof(question);
  question.query_address = address;
  if (::ioctl(maps.get(), ioctl_mapping_question, &question) != 0) {
    if (errno == ENOENT) return nothing_there(address);
    return system_failure("asking for a mapping", errno);
  }
  return Mapping{.range = {question.start, question.end - question.start},
                 .is_readable = (question.flags & flag_readable) != 0,
                 .is_writable = (question.flags & flag_writable) != 0,
                 .is_shared = (question.flags & flag_shared) != 0,
                 .has_file = question.inode != 0};
}

Result<Mapping> search_for_mapping_at(std::uintptr_t address) {
  const std::unique_ptr<FILE, int (*)(FILE *)> maps(std::fopen(maps_path, "re"), std::fclose);
  if (maps == nullptr) return system_failure("opening /proc/self/maps", errno);
  char line[512];
  while (std::fgets(line, sizeof(line), maps.get()) != nullptr) {
    Mapping mapping;
    if (!read_line(line, mapping)) continue;
    if (mapping.range.start <= address && address < mapping.range.end()) return mapping;
  }
  return nothing_there(address);
}

bool is_locked_at(std::uintptr_t address) {
  // Harmless, and refused for locked pages.
  void *page = reinterpret_cast<void *>(rounded_down_to_page(address));
  return ::madvise(page, page_bytes, MADV_COLD) != 0;
}

}  // namespace pagerd::client
