#include "sys/memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace pagerd::sys {

Result<Mapping> Mapping::anonymous(std::size_t bytes) {
  void *start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return Error{errno, "mmap"};
  return Mapping(start, bytes);
}

Result<Mapping> Mapping::shared(const Descriptor &file, std::size_t bytes) {
  void *start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) return Error{errno, "mmap of a memfd"};
  // A core dump or a forked child has no use for other people's images.
  ::madvise(start, bytes, MADV_DONTDUMP);
  ::madvise(start, bytes, MADV_DONTFORK);
  return Mapping(start, bytes);
}

Mapping::~Mapping() {
  if (start_ != nullptr) ::munmap(start_, bytes_);
}

Result<Descriptor> create_memfd(const char *name, std::uint64_t length_bytes) {
  Descriptor file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return Error{errno, "memfd_create"};
  if (::ftruncate(file.get(), static_cast<off_t>(length_bytes)) != 0) {
    return Error{errno, "ftruncate of a memfd"};
  }
  return Result<Descriptor>(std::move(file));
}

}  // namespace pagerd::sys
