import { lstatSync, mkdirSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { errnoOf, ManagerError, reasonOf } from "../errors.js"
import { LogBudget, type Logger } from "../log.js"
import type { SocketModule, SocketType } from "./native.js"

/** After accept() has failed, for want of descriptors mostly: how long until it is tried again. */
const restAfterFailureMs = 250
/** It can go on for as long as somebody holds that many: said once in that time. */
const failureLinesSpanMs = 10_000

/** sockaddr_un holds 108 bytes, the closing zero included. */
const pathBytesMax = 107

export interface ListenOptions {
  readonly path: string
  readonly mode: number
  /** The native dialect's unless it says otherwise. */
  readonly type?: SocketType
  readonly native: SocketModule
  readonly log: Logger
  /** Its directory, and those above, are made where they are missing. */
  readonly makesDirectory?: boolean
  /** A listening socket for that path, made by a service manager; its file stays at the end. */
  readonly passed?: number | undefined
  /** Owns the socket, a descriptor, from here on. */
  onConnection(socket: number): void
}

/** A socket that clients may connect to. Owned by the manager. */
export interface ClientListener {
  /** Accepts nobody any more; the socket file is gone. */
  close(): void
}

/**
 * Listens on a path, in place of a dead manager if need be. A lock beside the socket, which dies
 * with its holder, tells the dead from the living even while several managers start at once.
 * Throws a ManagerError when it cannot.
 */
export function listenForClients(options: ListenOptions): ClientListener {
  const { path, native, passed } = options
  if (Buffer.byteLength(path) > pathBytesMax) {
    const found = `this has ${Buffer.byteLength(path)}: ${path}`
    const message = `A socket's path has at most ${pathBytesMax} bytes; ${found}`
    throw new ManagerError("socket_path_too_long", message)
  }
  if (options.makesDirectory) makeDirectory(path)
  const lock = takeLock(native, path)
  try {
    if (passed === undefined) removeStaleSocket(native, path)
    const listener = openListener(options)
    const close = () => {
      listener.close()
      if (passed === undefined) rmSync(path, { force: true })
      native.closeDescriptor(lock)
    }
    return { close: once(close) }
  } catch (error) {
    native.closeDescriptor(lock)
    throw error
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  } catch (error) {
    throw new ManagerError("listen_failed", `Cannot make ${dirname(path)}: ${reasonOf(error)}`)
  }
}

function takeLock(native: SocketModule, path: string): number {
  try {
    return native.lockFile(`${path}.lock`)
  } catch (error) {
    if (errnoOf(error) === "EAGAIN") throw alreadyRunning(path)
    throw new ManagerError("listen_failed", reasonOf(error))
  }
}

function removeStaleSocket(native: SocketModule, path: string): void {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file === undefined) return
  if (!file.isSocket()) {
    const remedy = "move it away, or name another path (--socket)"
    const message = `${path} is in the way: it is no socket, so it is not removed; ${remedy}`
    throw new ManagerError("socket_path_taken", message)
  }
  try {
    // Whoever listens without our lock is no manager of this kind, but alive all the same.
    native.closeDescriptor(native.connectSeqpacket(path))
  } catch (error) {
    if (errnoOf(error) === "ECONNREFUSED") {
      rmSync(path, { force: true })
      return
    }
    const found = `connecting to it answers "${reasonOf(error)}"`
    throw new ManagerError("socket_path_taken", `${path} is in the way: ${found}`)
  }
  throw alreadyRunning(path)
}

function openListener(options: ListenOptions) {
  const { path, mode, type = "seqpacket", native, log, passed, onConnection } = options
  const lines = new LogBudget(1, failureLinesSpanMs)
  const onFailure = (errno: string) => {
    const message =
      "cannot accept clients for now, and tries again: newcomers wait; " +
      "raise the limit of open descriptors (LimitNOFILE=, ulimit -n)"
    lines.spend((lines_withheld) => log.error({ socket: path, errno, lines_withheld }, message))
    setTimeout(() => listener.resume(), restAfterFailureMs).unref()
  }
  const listener = makeListener()
  return listener

  function makeListener() {
    try {
      return new native.SocketListener(passed ?? path, mode, onConnection, onFailure, type)
    } catch (error) {
      throw new ManagerError("listen_failed", reasonOf(error))
    }
  }
}

function alreadyRunning(path: string): ManagerError {
  const remedy = "end it, or name another path (--socket)"
  return new ManagerError("already_running", `Another manager listens on ${path}: ${remedy}`)
}

function once(close: () => void): () => void {
  let isClosed = false
  return () => {
    if (!isClosed) close()
    isClosed = true
  }
}
