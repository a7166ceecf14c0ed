#include "client/sys_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "client/limits.hpp"
#include "sys/descriptor.hpp"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

namespace pagerd::client {

namespace {

constexpr int private_anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// A record of /proc/self/pagemap: bit 63 is "in memory", bit 62 "swapped out"; markers of poisoned
// pages have 62 too.
constexpr std::uint64_t pagemap_there = std::uint64_t{3} << 62;
constexpr std::size_t pagemap_records = 512;

// How far [page, page_end) was looked at, and the run of missing pages found on the way.
struct Search {
  std::uint64_t page;
  std::uint64_t run_start = 0;
  bool is_in_run = false;
};

// True once the run has ended, at search.page.
bool look_through(const std::uint64_t *records, std::size_t count, Search &search) {
  for (std::size_t index = 0; index < count; ++index, ++search.page) {
    const bool is_missing = (records[index] & pagemap_there) == 0;
    if (search.is_in_run && !is_missing) return true;
    if (!search.is_in_run && is_missing) {
      search.run_start = search.page;
      search.is_in_run = true;
    }
  }
  return false;
}

Result<Range> map_somewhere(std::uint64_t length_bytes, int access) {
  void *address = ::mmap(nullptr, length_bytes, access, private_anonymous, -1, 0);
  if (address == MAP_FAILED) {
    const Failure cause = system_failure("mmap", errno);
    return failure("out_of_memory", "No room for a region of %llu bytes: %s",
                   static_cast<unsigned long long>(length_bytes), cause.text.c_str());
  }
  return Range{reinterpret_cast<std::uintptr_t>(address), length_bytes};
}

}  // namespace

Result<Range> map_anonymous(std::uint64_t length_bytes) {
  return map_somewhere(length_bytes, PROT_READ | PROT_WRITE);
}

Result<Range> reserve(std::uint64_t length_bytes) {
  return map_somewhere(length_bytes, PROT_NONE);
}

Status map_file_over(Range range, const FileView &view) {
  const int access = view.access == FileAccess::none ? PROT_NONE : PROT_READ | PROT_WRITE;
  const int flags = (view.is_shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE;
  void *address = ::mmap(range.address(), range.length_bytes, access, flags, view.number,
                         static_cast<off_t>(view.offset_bytes));
  if (address == MAP_FAILED) return system_failure("mapping an image's file", errno);
  return done();
}

Seal::Seal() : empty_(::memfd_create("pagerd: ended", MFD_CLOEXEC)) {}

Status Seal::put_over(Range range) const {
  // Where no file can be had, memory without access has to do.
  const int kind = empty_.is_open() ? MAP_PRIVATE : private_anonymous;
  // By their places in the file neighbours are known for one mapping.
  const off_t offset = empty_.is_open() ? static_cast<off_t>(range.start) : 0;
  void *address = ::mmap(range.address(), range.length_bytes, PROT_NONE, kind | MAP_FIXED,
                         empty_.get(), offset);
  if (address == MAP_FAILED) return system_failure("replacing a region's memory", errno);
  return done();
}

Status give_back(Range range) {
  if (::munmap(range.address(), range.length_bytes) != 0) return system_failure("munmap", errno);
  return done();
}

Status forbid(Range range) {
  if (::mprotect(range.address(), range.length_bytes, PROT_NONE) != 0)
    return system_failure("mprotect", errno);
  return done();
}

Status permit(Range range) {
  if (::mprotect(range.address(), range.length_bytes, PROT_READ | PROT_WRITE) != 0)
    return system_failure("mprotect", errno);
  return done();
}

Status populate(Range range) {
  if (::madvise(range.address(), range.length_bytes, MADV_POPULATE_READ) == 0) return done();
  return system_failure("bringing the pages of a region", errno);
}

Status drop_pages(Range range) {
  if (::madvise(range.address(), range.length_bytes, MADV_DONTNEED_LOCKED) == 0) return done();
  // Before Linux 5.18 there is only the advice that leaves locked pages alone, and says so.
  if (errno == EINVAL && ::madvise(range.address(), range.length_bytes, MADV_DONTNEED) == 0)
    return done();
  return system_failure("dropping a region's pages", errno);
}

Status keep_from_children(Range range) {
  if (::madvise(range.address(), range.length_bytes, MADV_DONTFORK) == 0) return done();
  return system_failure("keeping a region from forked children", errno);
}

Status require_private_anonymous(Range range) {
  // The one advice that the kernel refuses for exactly what must be refused here; it is taken back
  // at once.
  const bool is_accepted = ::madvise(range.address(), range.length_bytes, MADV_WIPEONFORK) == 0;
  const int error = errno;
  ::madvise(range.address(), range.length_bytes, MADV_KEEPONFORK);
  if (is_accepted) return done();
  return failure("unsupported_memory",
                 "Cannot attach to the %llu bytes at %p: found %s, wanted private anonymous memory "
                 "of ordinary pages",
                 static_cast<unsigned long long>(range.length_bytes), range.address(),
                 error == ENOMEM ? "addresses where nothing is mapped"
                                 : "a shared, file or huge page mapping");
}

Result<std::optional<Range>> first_missing_run(Range range) {
  const sys::Descriptor pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (!pagemap.is_open()) return system_failure("opening /proc/self/pagemap", errno);

  std::array<std::uint64_t, pagemap_records> records;
  Search search{range.start / page_bytes};
  const std::uint64_t page_end = range.end() / page_bytes;
  while (search.page < page_end) {
    const std::size_t wanted = std::min<std::uint64_t>(pagemap_records, page_end - search.page);
    const ssize_t bytes = ::pread(pagemap.get(), records.data(), wanted * sizeof(records[0]),
                                  static_cast<off_t>(search.page * sizeof(records[0])));
    if (bytes < static_cast<ssize_t>(sizeof(records[0]))) {
      return system_failure("reading /proc/self/pagemap", bytes < 0 ? errno : ENODATA);
    }
    if (look_through(records.data(), static_cast<std::size_t>(bytes) / sizeof(records[0]), search))
      break;
  }
  if (!search.is_in_run) return std::optional<Range>();
  return std::optional(
      Range{search.run_start * page_bytes, (search.page - search.run_start) * page_bytes});
}

}  // namespace pagerd::client
