#include "client/sys_memory_copy.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "client/limits.hpp"

namespace pagerd::client {

namespace {

bool is_zero_page(const std::byte *page) {
  return page[0] == std::byte{0} && std::memcmp(page, page + 1, page_bytes - 1) == 0;
}

// Pages of zeros are left out: the target has those, and they cost no memory there.
void copy_pages(Range source, Range target) {
  const auto *from = static_cast<const std::byte *>(source.address());
  auto *to = static_cast<std::byte *>(target.address());
  for (std::uint64_t at = 0; at < source.length_bytes; at += page_bytes) {
    if (!is_zero_page(from + at)) std::memcpy(to + at, from + at, page_bytes);
  }
}

Status move_over(Range from, Range to) {
  void *moved = ::mremap(from.address(), from.length_bytes, from.length_bytes,
                         MREMAP_MAYMOVE | MREMAP_FIXED, to.address());
  if (moved == MAP_FAILED) return system_failure("moving memory over a region", errno);
  return done();
}

}  // namespace

Status replace_by_copy(Range range) {
  // A page that cannot be had is a failure here, and would be a SIGBUS in the copy.
  if (Status populated = populate(range); !populated.ok()) return populated;
  Result<Range> fresh = map_anonymous(range.length_bytes);
  if (!fresh.ok()) return fresh.error();
  copy_pages(range, fresh.value());
  Status moved = keep_from_children(fresh.value());
  if (moved.ok()) moved = move_over(fresh.value(), range);
  if (!moved.ok()) (void)give_back(fresh.value());
  return moved;
}

}  // namespace pagerd::client
