#include "client/sys_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "client/limits.hpp"

namespace pagerd::client {

namespace {

bool set_timeouts(const sys::Descriptor &socket, int timeout_ms) {
  const timeval limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  return ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
         ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0;
}

Failure no_manager(const std::string &path, int error) {
  const char *found = path.c_str();
  switch (error) {
    case ENOENT:
      return failure("no_manager",
                     "No manager at %s: there is no such socket. Is `pagerd serve` running?",
                     found);
    case ECONNREFUSED:
      return failure(
          "no_manager",
          "No manager at %s: the socket is there, but nobody listens. Is `pagerd serve` running?",
          found);
    case EACCES:
    case EPERM:
      return failure("no_manager",
                     "No access to the manager at %s: this user (uid %u) may not use the socket",
                     found, static_cast<unsigned>(::geteuid()));
    case EPROTOTYPE:
      return failure("no_manager",
                     "No manager at %s: found a socket of another type, wanted SOCK_SEQPACKET",
                     found);
    case EAGAIN:
      return failure(
          "no_manager",
          "The manager at %s accepted no connection for %d ms: it is overloaded or stopped", found,
          welcome_timeout_ms);
    default: {
      const Failure cause = system_failure("connect", error);
      return failure("no_manager", "No connection to the manager at %s: %s", found,
                     cause.text.c_str());
    }
  }
}

int call_connect(const sys::Descriptor &socket, const sockaddr_un &address) {
  for (;;) {
    const int answer =
        ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address));
    if (answer == 0 || errno != EINTR) return answer;
  }
}

// Every descriptor of the packet gets an owner at once; only the first is kept.
sys::Descriptor first_descriptor(msghdr &header) {
  sys::Descriptor first;
  for (cmsghdr *part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t numbers = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < numbers; ++index) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + index * sizeof(int), sizeof(int));
      sys::Descriptor owned(number);
      if (!first.is_open()) first = std::move(owned);
    }
  }
  return first;
}

}  // namespace

bool is_socket(const std::string &path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

Result<sys::Descriptor> connect_to(const std::string &path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return failure("no_manager", "The socket path %s has %zu bytes; the system takes up to %zu",
                   path.c_str(), path.size(), sizeof(address.sun_path) - 1);
  }
  path.copy(address.sun_path, path.size());

  sys::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_failure("making a socket", errno);
  if (!set_timeouts(socket, welcome_timeout_ms))
    return system_failure("setting a socket's time limits", errno);
  if (call_connect(socket, address) != 0) return no_manager(path, errno);
  return socket;
}

Status wait_without_limit(const sys::Descriptor &socket) {
  if (!set_timeouts(socket, 0)) return system_failure("lifting a socket's time limits", errno);
  return done();
}

Result<Sent> send_frame(const sys::Descriptor &socket, std::span<const std::uint8_t> frame,
                        int descriptor, Wait wait) {
  iovec part = {const_cast<std::uint8_t *>(frame.data()), frame.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> control = {};
  if (descriptor >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
  }

  const int flags = MSG_NOSIGNAL | (wait == Wait::never ? MSG_DONTWAIT : 0);
  for (;;) {
    if (::sendmsg(socket.get(), &header, flags) >= 0) return Sent::whole;
    switch (errno) {
      case EINTR:
        continue;
      case EPIPE:
      case ECONNRESET:
        return Sent::peer_gone;
      case EAGAIN:
        if (wait == Wait::never) return Sent::would_block;
        return failure("manager_gone",
                       "The manager took no frame for %d ms: it is overloaded or stopped",
                       welcome_timeout_ms);
      default:
        return system_failure("sending to the manager", errno);
    }
  }
}

Result<Received> receive_frame(const sys::Descriptor &socket, std::span<std::uint8_t> buffer) {
  iovec part = {buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int) * descriptors_per_frame_max)>
      control;
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();

  ssize_t length = -1;
  do {
    length = ::recvmsg(socket.get(), &header, MSG_CMSG_CLOEXEC);
    // A manager that closes while frames of ours are unread makes the kernel report a reset, once,
    // ahead of the frames it sent before. Its last words are among those.
  } while (length < 0 && (errno == EINTR || errno == ECONNRESET));
  if (length < 0 && errno == EAGAIN) {
    return failure("no_manager",
                   "The manager did not answer within %d ms: it is overloaded or stopped",
                   welcome_timeout_ms);
  }
  if (length < 0) {
    const Failure cause = system_failure("receiving", errno);
    return failure("manager_gone", "The connection to the manager broke: %s", cause.text.c_str());
  }

  Received received{static_cast<std::size_t>(length), first_descriptor(header),
                    (header.msg_flags & MSG_CTRUNC) != 0};
  if ((header.msg_flags & MSG_TRUNC) != 0) {
    return failure("malformed_frame", "The manager sent a frame of more than %zu bytes",
                   buffer.size());
  }
  return received;
}

void end_receiving(const sys::Descriptor &socket) {
  ::shutdown(socket.get(), SHUT_RDWR);
}

}  // namespace pagerd::client
