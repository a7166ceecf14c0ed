#pragma once

#include <string>

namespace pagerd::client {

// Where the manager listens: `path` if given, else $PAGERD_SOCKET, else
// $XDG_RUNTIME_DIR/pagerd/pagerd.sock, else (also where there is no such socket) root's
// /run/pagerd/pagerd.sock. An empty variable counts as unset, as does a relative XDG_RUNTIME_DIR;
// protocol/paths.ts reckons alike.
std::string socket_path(const char *path);

}  // namespace pagerd::client
