#include "client/sys_heap_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace pagerd::client {

Result<sys::Descriptor> create_heap_file() {
  sys::Descriptor file(::memfd_create("pagerd-heap", MFD_CLOEXEC));
  if (!file.is_open()) return system_failure("making a heap's file", errno);
  return file;
}

Status map_heap_over(Range range, const sys::Descriptor &file) {
  constexpr int flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
  void *address = ::mmap(range.address(), range.length_bytes, PROT_READ | PROT_WRITE, flags,
                         file.get(), 0);
  if (address == MAP_FAILED) return system_failure("mapping a heap's file", errno);
  return done();
}

Status set_length(const sys::Descriptor &file, std::uint64_t length_bytes) {
  if (::ftruncate(file.get(), static_cast<off_t>(length_bytes)) != 0)
    return system_failure("setting a heap's length", errno);
  return done();
}

}  // namespace pagerd::client
