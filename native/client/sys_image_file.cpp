#include "client/sys_image_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace pagerd::client {

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

}  // namespace pagerd::client
