#include "client/sys_image_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace pagerd::client {

Result<sys::Descriptor> duplicate(int descriptor) {
  sys::Descriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!copy.is_open()) return system_failure("duplicating a descriptor", errno);
  return copy;
}

Result<FileStatus> status_of(const sys::Descriptor &file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_failure("looking at an image's file", errno);
  const int flags = ::fcntl(file.get(), F_GETFL);
  if (flags < 0) return system_failure("looking at an image's file", errno);
  const int access = flags & O_ACCMODE;
  return FileStatus{
      .device = status.st_dev,
      .number = status.st_ino,
      .length_bytes = static_cast<std::uint64_t>(status.st_size),
      .is_readable = access == O_RDONLY || access == O_RDWR,
      .is_writable = access == O_WRONLY || access == O_RDWR,
  };
}

std::uint64_t read_into(Range memory, int file, std::uint64_t offset_bytes) {
  std::uint64_t done_bytes = 0;
  while (done_bytes < memory.length_bytes) {
    void *target = reinterpret_cast<void *>(memory.start + done_bytes);
    const ssize_t bytes = ::pread(file, target, memory.length_bytes - done_bytes,
                                  static_cast<off_t>(offset_bytes + done_bytes));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    done_bytes += static_cast<std::uint64_t>(bytes);
  }
  return done_bytes;
}

bool is_hole(int file, std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  // It moves the descriptor's position, which nobody uses.
  const off_t next = ::lseek(file, static_cast<off_t>(offset_bytes), SEEK_DATA);
  if (next < 0) return errno == ENXIO;  // no more bytes up to the file's end
  return static_cast<std::uint64_t>(next) >= offset_bytes + length_bytes;
}

}  // namespace pagerd::client
