#include "sys/socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/pidfd.hpp"
#include "sys/socket_address.hpp"

namespace pagerd::sys {

namespace {

// Since Linux 6.5; Debian 12's headers lack it.
#ifndef SO_PEERPIDFD
constexpr int so_peerpidfd = 77;
#else
constexpr int so_peerpidfd = SO_PEERPIDFD;
static_assert(so_peerpidfd == 77);
#endif

Result<Descriptor> open_socket(int type) {
  Descriptor opened(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!opened.is_open()) return Error{errno, "socket"};
  return opened;
}

// The socket that we bound at this path, to be changed. Whoever may write in its directory can have
// put something else there meanwhile: no link is followed, and nothing but a socket of our own user
// is taken for ours.
Result<Descriptor> open_own_socket(const std::string &path) {
  Descriptor file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) < 0) return Error{errno, "open"};
  if (!S_ISSOCK(status.st_mode)) return Error{ENOTSOCK, "open"};
  if (status.st_uid != ::geteuid()) return Error{EPERM, "open"};
  return file;
}

Status set_socket_mode(const std::string &path, mode_t mode) {
  Result<Descriptor> file = open_own_socket(path);
  if (!file.ok()) return file.error();
  // There is no fchmod() for O_PATH.
  const std::string self = "/proc/self/fd/" + std::to_string(file.value().get());
  if (::chmod(self.c_str(), mode) < 0) return Error{errno, "chmod"};
  return Nothing{};
}

}  // namespace

Status give_socket(const std::string &path, uid_t uid, gid_t gid) {
  Result<Descriptor> file = open_own_socket(path);
  if (!file.ok()) return file.error();
  if (::fchownat(file.value().get(), "", uid, gid, AT_EMPTY_PATH) < 0) {
    return Error{errno, "fchownat"};
  }
  return Nothing{};
}

Result<Descriptor> listen_on(const std::string &path, mode_t mode, SocketType type) {
  SocketAddress address;
  if (!make_address(path, address)) return Error{ENAMETOOLONG, "bind"};
  const bool is_stream = type == SocketType::stream;
  Result<Descriptor> opened = open_socket(is_stream ? SOCK_STREAM : SOCK_SEQPACKET);
  if (!opened.ok()) return opened;

  const int listener = opened.value().get();
  if (::bind(listener, address.get(), address.length_bytes) < 0) return Error{errno, "bind"};
  // Until listen() every connect() is refused, so nobody slips in under the umask's mode.
  const Status named = set_socket_mode(path, mode);
  if (!named.ok()) return named.error();
  if (::listen(listener, listen_backlog) < 0) return Error{errno, "listen"};
  return opened;
}

Result<Listening> take_listening(int socket) {
  int type = 0;
  int is_listening = 0;
  socklen_t length_bytes = sizeof type;
  if (::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length_bytes) < 0) {
    return Error{errno, "getsockopt(SO_TYPE)"};
  }
  length_bytes = sizeof is_listening;
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length_bytes) < 0) {
    return Error{errno, "getsockopt(SO_ACCEPTCONN)"};
  }
  SocketAddress address;
  address.length_bytes = sizeof address.name;
  auto *name = reinterpret_cast<sockaddr *>(&address.name);
  if (::getsockname(socket, name, &address.length_bytes) < 0) return Error{errno, "getsockname"};
  if (::fcntl(socket, F_SETFD, FD_CLOEXEC) < 0) return Error{errno, "fcntl(F_SETFD)"};
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0) {
    return Error{errno, "fcntl(F_SETFL)"};
  }
  const bool is_unix = address.name.sun_family == AF_UNIX;
  return Listening{
      .type = type == SOCK_SEQPACKET ? "seqpacket" : type == SOCK_STREAM ? "stream" : "",
      .is_listening = is_listening != 0,
      .path = is_unix ? path_of(address) : "",
  };
}

Result<Descriptor> connect_seqpacket(const std::string &path) {
  SocketAddress address;
  if (!make_address(path, address)) return Error{ENAMETOOLONG, "connect"};
  Result<Descriptor> opened = open_socket(SOCK_SEQPACKET);
  if (!opened.ok()) return opened;

  const int socket = opened.value().get();
  if (::connect(socket, address.get(), address.length_bytes) < 0) return Error{errno, "connect"};
  return opened;
}

Result<Descriptor> accept_connection(int listener) {
  Descriptor accepted(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted.is_open()) return accepted;
  // ECONNABORTED: it had gone again before we came.
  const bool is_nobody = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
  if (is_nobody) return Descriptor();
  return Error{errno, "accept4"};
}

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t length_bytes = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length_bytes) < 0) {
    return Error{errno, "getsockopt(SO_PEERCRED)"};
  }
  return Peer{credentials.pid, credentials.uid, credentials.gid};
}

Result<std::vector<gid_t>> peer_groups(int socket) {
  std::vector<gid_t> groups;
  // They never change: the first call says how many there are, the second fetches them.
  for (;;) {
    socklen_t length_bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length_bytes) == 0) {
      groups.resize(length_bytes / sizeof(gid_t));
      return groups;
    }
    if (errno != ERANGE || length_bytes <= groups.size() * sizeof(gid_t)) {
      return Error{errno, "getsockopt(SO_PEERGROUPS)"};
    }
    groups.resize(length_bytes / sizeof(gid_t));
  }
}

Result<Descriptor> peer_process(int socket, pid_t pid) {
  int process = -1;
  socklen_t length_bytes = sizeof process;
  if (::getsockopt(socket, SOL_SOCKET, so_peerpidfd, &process, &length_bytes) == 0) {
    return Descriptor(process);
  }
  if (errno != ENOPROTOOPT) return Error{errno, "getsockopt(SO_PEERPIDFD)"};
  // Before 6.5 the number could have been reused since the client connected; its socket's end
  // still tells us then.
  return open_process(pid);
}

void discard_input(int socket) {
  ::shutdown(socket, SHUT_RD);
  // Nothing is added any more, and what is there is bounded by the peer's send buffer. The kernel
  // closes the descriptors of a packet that is received without room for them.
  std::uint8_t byte;
  while (::recv(socket, &byte, sizeof byte, MSG_DONTWAIT) > 0) {
  }
}

Status send_datagram(const std::string &path, std::span<const std::uint8_t> bytes) {
  SocketAddress address;
  if (!make_address(path, address)) return Error{ENAMETOOLONG, "sendto"};
  Result<Descriptor> opened = open_socket(SOCK_DGRAM);
  if (!opened.ok()) return opened.error();

  const int socket = opened.value().get();
  const ssize_t sent = ::sendto(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL, address.get(),
                                address.length_bytes);
  if (sent < 0) return Error{errno, "sendto"};
  return Nothing{};
}

Result<Descriptor> lock_file(const std::string &path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return Error{errno, "open"};
  if (::flock(file.get(), LOCK_EX | LOCK_NB) < 0) return Error{errno, "flock"};
  return file;
}

}  // namespace pagerd::sys
