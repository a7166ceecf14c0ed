#include "client/socket_path.hpp"

#include <cstdlib>
#include <limits>

#include "client/limits.hpp"
#include "client/sys_socket.hpp"

namespace pagerd::client {

std::string socket_path(const char *path) {
  if (path != nullptr) return path;
  const char *socket = std::getenv("PAGERD_SOCKET");
  if (socket != nullptr && socket[0] != '\0') return socket;
  const char *directory = std::getenv("XDG_RUNTIME_DIR");
  const std::string of_system = "/run/pagerd/pagerd.sock";
  if (directory == nullptr || directory[0] != '/') return of_system;
  std::string own = std::string(directory) + "/pagerd/pagerd.sock";
  // A user with a session of their own may be the client of root's manager.
  return !is_socket(own) && is_socket(of_system) ? of_system : own;
}

int manager_wait_ms() {
  const char *given = std::getenv("PAGERD_WAIT_MS");
  if (given == nullptr || given[0] == '\0') return manager_wait_default_ms;
  char *end = nullptr;
  const long wait_ms = std::strtol(given, &end, 10);
  const bool is_good = *end == '\0' && wait_ms >= 0 && wait_ms <= std::numeric_limits<int>::max();
  return is_good ? static_cast<int>(wait_ms) : manager_wait_default_ms;
}

}  // namespace pagerd::client
