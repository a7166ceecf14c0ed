#include "sys/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pagerd::sys {

namespace {

Result<FileIdentity> identity_of(const struct stat &status) {
  if (!S_ISREG(status.st_mode)) return Error{EINVAL, "fstat"};
  return FileIdentity{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                      status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

// What files answer that cannot be asked for holes at all.
bool knows_no_holes(int error) { return error == EINVAL || error == EOPNOTSUPP; }

}  // namespace

Result<Descriptor> open_for_reading(const std::string &path) {
  // O_NONBLOCK: opening a FIFO by mistake must not hang the manager.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return Error{errno, "open"};
  return Result<Descriptor>(std::move(file));
}

Result<Descriptor> duplicate_descriptor(int descriptor) {
  Descriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!copy.is_open()) return Error{errno, "fcntl(F_DUPFD_CLOEXEC)"};
  return Result<Descriptor>(std::move(copy));
}

Result<FileIdentity> identity_of_descriptor(const Descriptor &file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Error{errno, "fstat"};
  return identity_of(status);
}

Result<FileIdentity> identity_of_path(const std::string &path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Error{errno, "stat"};
  return identity_of(status);
}

Status read_exactly(const Descriptor &file, std::uint64_t offset_bytes, std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t got =
        ::pread(file.get(), into.data(), into.size(), static_cast<off_t>(offset_bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{errno, "pread"};
    if (got == 0) return Error{ENODATA, "pread"};
    into = into.subspan(static_cast<std::size_t>(got));
    offset_bytes += static_cast<std::uint64_t>(got);
  }
  return Nothing{};
}

Result<std::uint64_t> next_data(const Descriptor &file, std::uint64_t offset_bytes,
                                std::uint64_t end_bytes) {
  const off_t found = ::lseek(file.get(), static_cast<off_t>(offset_bytes), SEEK_DATA);
  if (found >= 0) return std::min(static_cast<std::uint64_t>(found), end_bytes);
  // ENXIO: nothing but a hole up to the end of the file. It may also have shrunk: the identity
  // check tells.
  if (errno == ENXIO) return end_bytes;
  if (knows_no_holes(errno)) return offset_bytes;
  // Neither answer would do: what is no hole may hide the data of a file beneath.
  return Error{errno, "lseek(SEEK_DATA)"};
}

Result<std::uint64_t> next_hole(const Descriptor &file, std::uint64_t offset_bytes,
                                std::uint64_t end_bytes) {
  const off_t found = ::lseek(file.get(), static_cast<off_t>(offset_bytes), SEEK_HOLE);
  if (found >= 0) return std::min(static_cast<std::uint64_t>(found), end_bytes);
  if (errno == ENXIO || knows_no_holes(errno)) return end_bytes;
  return Error{errno, "lseek(SEEK_HOLE)"};
}

}  // namespace pagerd::sys
