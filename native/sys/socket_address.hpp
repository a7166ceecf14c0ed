#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace pagerd::sys {

// A Unix socket's address in the kernel's form.
struct SocketAddress {
  sockaddr_un name{};
  socklen_t length_bytes = 0;

  const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&name); }
};

// False when the path is empty or too long: 107 bytes is what the kernel takes.
inline bool make_address(const std::string &path, SocketAddress &address) {
  if (path.empty() || path.size() >= sizeof address.name.sun_path) return false;
  address.name.sun_family = AF_UNIX;
  path.copy(address.name.sun_path, path.size());
  const bool is_abstract = path[0] == '@';
  if (is_abstract) address.name.sun_path[0] = '\0';
  address.length_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() +
                                                (is_abstract ? 0 : 1));
  return true;
}

// "" for a socket without a name, and for an abstract one.
inline std::string path_of(const SocketAddress &address) {
  const std::size_t bytes = address.length_bytes - offsetof(sockaddr_un, sun_path);
  const std::string path(address.name.sun_path, std::min(bytes, sizeof address.name.sun_path));
  return path.substr(0, path.find('\0'));
}

}  // namespace pagerd::sys
