#include "client/sys_pagemap.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace pagerd::client {

namespace {

// struct pm_scan_arg and struct page_region of linux/fs.h, which Debian 12's headers lack.
struct ScanRequest {
  std::uint64_t size = 0;
  std::uint64_t flags = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t walk_end = 0;
  std::uint64_t regions = 0;
  std::uint64_t regions_count = 0;
  std::uint64_t pages_max = 0;
  std::uint64_t categories_inverted = 0;
  std::uint64_t categories_all_of = 0;
  std::uint64_t categories_any_of = 0;
  std::uint64_t categories_reported = 0;
};
static_assert(sizeof(ScanRequest) == 96);

struct ScanRegion {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};
static_assert(sizeof(ScanRegion) == 24);

constexpr unsigned long ioctl_scan = 0xC0606610;  // PAGEMAP_SCAN
static_assert(ioctl_scan == _IOWR('f', 16, ScanRequest));

constexpr std::uint64_t page_is_file = 1 << 2;
constexpr std::uint64_t page_is_present = 1 << 3;
constexpr std::uint64_t page_is_swapped = 1 << 4;
constexpr std::uint64_t page_is_zero = 1 << 5;

}  // namespace

Pagemap Pagemap::open() {
  return Pagemap(sys::Descriptor(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)));
}

// What the kernel reports (6.18): a file's page that is swapped out is absent here, since the file
// remembers it and not the page table; a private copy that is swapped out is SWAPPED, without FILE;
// the page of zeros is PRESENT and no FILE; a poisoned page is SWAPPED. A page under migration is
// SWAPPED too, with FILE if it is the file's. Output is bounded by the room for runs; the walk
// needs no bound, because dropping a range takes many times as long as looking at it.
Status Pagemap::find(Range range, Wanted wanted, PageRuns &found) const {
  std::array<ScanRegion, std::tuple_size_v<decltype(found.runs)>> regions;
  const std::uint64_t without = wanted == Wanted::private_copies ? page_is_file : 0;
  ScanRequest request = {
      .size = sizeof(request),
      .start = range.start,
      .end = range.end(),
      .regions = reinterpret_cast<std::uintptr_t>(regions.data()),
      .regions_count = regions.size(),
      .categories_inverted = without,
      .categories_all_of = without,
      .categories_any_of = page_is_present | page_is_swapped,
      .categories_reported = page_is_zero,
  };
  const int count = ::ioctl(file_.get(), ioctl_scan, &request);
  if (count < 0) return system_failure("PAGEMAP_SCAN", errno);
  found.count = static_cast<std::size_t>(count);
  for (std::size_t index = 0; index < found.count; ++index) {
    const ScanRegion &region = regions[index];
    found.runs[index] = {{region.start, region.end - region.start},
                         (region.categories & page_is_zero) != 0};
  }
  found.rest = {request.walk_end, range.end() - request.walk_end};
  return done();
}

}  // namespace pagerd::client
