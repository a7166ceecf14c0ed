#include "client/socket_path.hpp"

#include <cstdlib>

namespace pagerd::client {

std::string socket_path(const char *path) {
  if (path != nullptr) return path;
  const char *socket = std::getenv("PAGERD_SOCKET");
  if (socket != nullptr && socket[0] != '\0') return socket;
  const char *directory = std::getenv("XDG_RUNTIME_DIR");
  const bool is_absolute = directory != nullptr && directory[0] == '/';
  return std::string(is_absolute ? directory : "/run") + "/pagerd/pagerd.sock";
}

}  // namespace pagerd::client
