#include "sys/output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "sys/file.hpp"

namespace pagerd::sys {

namespace {

// Neither takes a flag that would let one write alone return at once on every kernel.
bool is_to_be_reopened(const struct stat &status) {
  return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
}

}  // namespace

Result<Descriptor> open_output(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return Error{errno, "fstat"};
  if (is_to_be_reopened(status)) {
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    Descriptor own(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own.is_open()) return own;
  }
  return duplicate_descriptor(descriptor);
}

Result<std::size_t> write_at_once(int descriptor, std::span<const std::uint8_t> bytes) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return Error{errno, "fstat"};
  iovec part{const_cast<std::uint8_t *>(bytes.data()), bytes.size()};
  // A regular file answers RWF_NOWAIT with EAGAIN whenever it likes, and nobody has to read it.
  ssize_t written = -1;
  if (!S_ISREG(status.st_mode)) written = ::pwritev2(descriptor, &part, 1, -1, RWF_NOWAIT);
  if (S_ISREG(status.st_mode) || (written < 0 && (errno == EOPNOTSUPP || errno == EINVAL))) {
    written = ::write(descriptor, bytes.data(), bytes.size());
  }
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return Error{errno, "write"};
}

bool has_room_within(int descriptor, int timeout_ms) {
  pollfd watched{descriptor, POLLOUT, 0};
  return ::poll(&watched, 1, timeout_ms) > 0;
}

}  // namespace pagerd::sys
