#include "sys/memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace pagerd::sys {

Result<Mapping> Mapping::anonymous(std::size_t bytes) {
  void *start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return Error{errno, "mmap"};
  return Mapping(start, bytes);
}

Result<Mapping> Mapping::shared(const Descriptor &file, std::size_t bytes,
                                std::uint64_t offset_bytes) {
  void *start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(),
                       static_cast<off_t>(offset_bytes));
  if (start == MAP_FAILED) return Error{errno, "mmap of a memfd"};
  // A core dump or a forked child has no use for other people's images.
  ::madvise(start, bytes, MADV_DONTDUMP);
  ::madvise(start, bytes, MADV_DONTFORK);
  return Mapping(start, bytes);
}

Status Mapping::populate(std::size_t offset_bytes, std::size_t bytes) const {
  PAGERD_CHECK(offset_bytes <= bytes_ && bytes <= bytes_ - offset_bytes);
  if (::madvise(data() + offset_bytes, bytes, MADV_POPULATE_READ) == 0) return Nothing{};
  return Error{errno, "MADV_POPULATE_READ"};
}

Status Mapping::lock(std::size_t offset_bytes, std::size_t bytes) const {
  PAGERD_CHECK(offset_bytes <= bytes_ && bytes <= bytes_ - offset_bytes);
  // A page that became part of a huge one would be taken away for a moment.
  ::madvise(data() + offset_bytes, bytes, MADV_NOHUGEPAGE);
  if (::mlock(data() + offset_bytes, bytes) == 0) return Nothing{};
  return Error{errno, "mlock"};
}

Mapping::~Mapping() {
  if (start_ != nullptr) ::munmap(start_, bytes_);
}

namespace {

// Not F_SEAL_WRITE or F_SEAL_FUTURE_WRITE: these forbid punching holes too, which is how pages
// are dropped. What keeps clients from writing is that their descriptor is open for reading only,
// and that the file's mode lets no other user open it once more through /proc.
constexpr int image_seals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

mode_t mode_of(Opening opening) {
  return opening == Opening::for_writing ? S_IRUSR | S_IWUSR : S_IRUSR;
}

}  // namespace

Result<Descriptor> create_memfd(const char *name, std::uint64_t length_bytes, Opening opening) {
  Descriptor file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return Error{errno, "memfd_create"};
  if (::ftruncate(file.get(), static_cast<off_t>(length_bytes)) != 0) {
    return Error{errno, "ftruncate of a memfd"};
  }
  if (::fcntl(file.get(), F_ADD_SEALS, image_seals) != 0) return Error{errno, "F_ADD_SEALS"};
  if (::fchmod(file.get(), mode_of(opening)) != 0) return Error{errno, "fchmod of a memfd"};
  return Result<Descriptor>(std::move(file));
}

Status punch_hole(const Descriptor &memfd, std::uint64_t offset_bytes, std::uint64_t bytes) {
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const auto offset = static_cast<off_t>(offset_bytes);
  if (::fallocate(memfd.get(), mode, offset, static_cast<off_t>(bytes)) == 0) return Nothing{};
  return Error{errno, "fallocate of a memfd"};
}

Result<Descriptor> reopen(const Descriptor &memfd, Opening opening) {
  const std::string path = "/proc/self/fd/" + std::to_string(memfd.get());
  const int access = opening == Opening::for_writing ? O_RDWR : O_RDONLY;
  Descriptor opened(::open(path.c_str(), access | O_CLOEXEC));
  if (!opened.is_open()) return Error{errno, "open of a memfd"};
  return Result<Descriptor>(std::move(opened));
}

std::string MemfdIdentity::text() const {
  return std::to_string(device) + ":" + std::to_string(inode);
}

Result<MemfdIdentity> identity_of_memfd(const Descriptor &memfd) {
  struct stat status {};
  if (::fstat(memfd.get(), &status) != 0) return Error{errno, "fstat of a memfd"};
  return MemfdIdentity{status.st_dev, status.st_ino};
}

Result<Descriptor> reopen_as_maker(const Descriptor &memfd, std::uint64_t length_bytes,
                                   Opening opening) {
  struct stat status {};
  if (::fstat(memfd.get(), &status) != 0) return Error{errno, "fstat of a memfd"};
  const int seals = ::fcntl(memfd.get(), F_GET_SEALS);
  const bool is_ours = seals == image_seals &&
                       static_cast<std::uint64_t>(status.st_size) == length_bytes;
  if (!is_ours) return Error{EBADF, "looking at a memfd"};
  // Its mode lets nobody write it, the maker only by being root. For a moment it does.
  if (::fchmod(memfd.get(), mode_of(Opening::for_writing)) != 0) {
    return Error{errno, "fchmod of a memfd"};
  }
  auto opened = reopen(memfd, Opening::for_writing);
  if (::fchmod(memfd.get(), mode_of(opening)) != 0) return Error{errno, "fchmod of a memfd"};
  return opened;
}

}  // namespace pagerd::sys
