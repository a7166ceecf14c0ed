import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

/** Where a manager listens and keeps its state. */
export interface ManagerPaths {
  readonly socket: string
  readonly debugSocket: string
  readonly stateDir: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The paths that hold when no flag says otherwise. libpagerd reckons the socket in the same way, so
 * that a client and a manager of one environment meet. Relative XDG directories are ignored, as
 * their specification wants.
 */
export function defaultPaths(environment: Environment = process.env): ManagerPaths {
  const runtimeDir = absolute(environment.XDG_RUNTIME_DIR) ?? "/run"
  return {
    socket: environment.PAGERD_SOCKET || join(runtimeDir, "pagerd", "pagerd.sock"),
    debugSocket: environment.PAGERD_DEBUG_SOCKET || join(runtimeDir, "pagerd", "debug.sock"),
    stateDir: environment.PAGERD_STATE_DIR || defaultStateDir(environment),
  }
}

function defaultStateDir(environment: Environment): string {
  const stateHome = absolute(environment.XDG_STATE_HOME)
  if (stateHome !== undefined) return join(stateHome, "pagerd")
  if (process.getuid?.() === 0) return "/var/lib/pagerd"
  return join(environment.HOME || homedir(), ".local", "state", "pagerd")
}

function absolute(directory: string | undefined): string | undefined {
  return directory !== undefined && isAbsolute(directory) ? directory : undefined
}
