import { ManagerError, reasonOf } from "../errors.js"
import type { ListeningSocket, SocketModule } from "./native.js"

/** Owned by whoever listens on it. Its file is not ours: it stays when we end. */
export interface PassedSocket {
  readonly descriptor: number
  readonly path: string
}

/** Sockets that a service manager has made and listens on, to start us when somebody comes. */
export interface PassedSockets {
  readonly clients?: PassedSocket
  readonly debug?: PassedSocket
}

/** Where passed descriptors begin: after standard input, output and error. */
const firstDescriptor = 3
/** More than two are wrong anyhow. */
const descriptorsMax = 64

/**
 * Takes over the sockets that LISTEN_FDS announces: clients come by the one of type SOCK_SEQPACKET,
 * debug requests by the stream. Removes the announcement, which is for this process alone. Throws a
 * ManagerError for anything else than these two: what is passed and not served would hang whoever
 * connects to it.
 */
export function takePassedSockets(
  environment: NodeJS.ProcessEnv,
  native: Pick<SocketModule, "takeListening">,
  pid = process.pid,
): PassedSockets {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete environment[name]
  // Somebody above us in the tree of processes was meant.
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return {}
  const count = /^\d{1,4}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : Number.NaN
  if (!(count <= descriptorsMax)) {
    const message = `LISTEN_FDS is "${LISTEN_FDS}": wanted is a number up to ${descriptorsMax}`
    throw new ManagerError("passed_socket_unusable", message)
  }
  const names = (LISTEN_FDNAMES ?? "").split(":")
  const passed: { clients?: PassedSocket; debug?: PassedSocket } = {}
  for (let index = 0; index < count; index += 1) {
    const descriptor = firstDescriptor + index
    const what = `passed descriptor ${descriptor} (${names[index] || "without a name"})`
    const { purpose, path } = purposeOf(native, descriptor, what)
    const other = passed[purpose]
    if (other !== undefined) throw unusable(what, `a second socket for ${purpose}`, other.path)
    passed[purpose] = { descriptor, path }
  }
  return passed
}

function purposeOf(native: Pick<SocketModule, "takeListening">, descriptor: number, what: string) {
  const { type, isListening, path } = described(native, descriptor, what)
  if (!isListening) throw unusable(what, "a socket that nobody listens on")
  if (path === "") throw unusable(what, "a socket without a path")
  if (type === "") throw unusable(what, "a datagram socket", path)
  return { purpose: type === "seqpacket" ? "clients" : "debug", path } as const
}

function described(
  native: Pick<SocketModule, "takeListening">,
  descriptor: number,
  what: string,
): ListeningSocket {
  try {
    return native.takeListening(descriptor)
  } catch (error) {
    throw unusable(what, reasonOf(error))
  }
}

function unusable(what: string, found: string, path = ""): ManagerError {
  const where = path === "" ? "" : ` (${path})`
  const wanted = "wanted are one ListenSequentialPacket= and at most one ListenStream= with paths"
  const message = `Cannot use ${what}: found ${found}${where}; ${wanted}`
  return new ManagerError("passed_socket_unusable", `${message}: see \`pagerd systemd --socket\``)
}
