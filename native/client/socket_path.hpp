#pragma once

#include <string>

namespace pagerd::client {

// Where the manager listens: `path` if given, else $PAGERD_SOCKET, else
// $XDG_RUNTIME_DIR/pagerd/pagerd.sock, else (also where there is no such socket) root's
// /run/pagerd/pagerd.sock. An empty variable counts as unset, as does a relative XDG_RUNTIME_DIR;
// protocol/paths.ts reckons alike.
std::string socket_path(const char *path);

// How long a call waits for managers that are away: PAGERD_WAIT_MS, or the default.
int manager_wait_ms();

}  // namespace pagerd::client
