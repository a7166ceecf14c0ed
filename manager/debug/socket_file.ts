import { lstat, mkdir, rm } from "node:fs/promises"
import { connect, type Server } from "node:net"
import { dirname } from "node:path"
import { errnoOf, ManagerError, reasonOf } from "../errors.js"

/** sockaddr_un holds 108 bytes, the closing zero included. */
const pathBytesMax = 107

/**
 * Makes a server listen on a Unix socket that only its owner may open, taking the place of a dead
 * manager's; or on a socket that was passed to us, whose file and mode are somebody else's.
 */
export async function listenOnSocketFile(
  server: Server,
  path: string,
  passed: number | undefined,
): Promise<void> {
  const pathBytes = Buffer.byteLength(path)
  if (pathBytes > pathBytesMax) {
    const message = `A socket's path has at most ${pathBytesMax} bytes; ${path} has ${pathBytes}`
    throw new ManagerError("socket_path_too_long", message)
  }
  try {
    if (passed !== undefined) return await listen(server, { fd: passed })
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await listen(server, { path }).catch(async (error: unknown) => {
      if (errnoOf(error) !== "EADDRINUSE") throw error
      await removeStaleSocket(path)
      await listen(server, { path })
    })
  } catch (error) {
    if (error instanceof ManagerError) throw error
    const message = `Cannot listen on ${path}: ${reasonOf(error)}`
    throw new ManagerError("listen_failed", message, { cause: error })
  }
}

/**
 * The socket file is born with mode 0600: bind() happens before listen() returns, so the umask
 * covers it alone.
 */
function listen(server: Server, where: { path: string } | { fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    const umask = process.umask(0o177)
    try {
      server.listen(where, () => {
        server.off("error", reject)
        resolve()
      })
    } finally {
      process.umask(umask)
    }
  })
}

async function removeStaleSocket(path: string): Promise<void> {
  const file = await lstat(path)
  if (!file.isSocket()) {
    const remedy = "move it away, or name another path (--debug-socket)"
    const message = `${path} is in the way: it is no socket, so it is not removed; ${remedy}`
    throw new ManagerError("socket_path_taken", message)
  }
  const refusal = await connectOnce(path)
  if (refusal === undefined) {
    const remedy = "end it, or name another path (--debug-socket)"
    throw new ManagerError("already_running", `Another process listens on ${path}: ${remedy}`)
  }
  if (refusal !== "ECONNREFUSED") {
    const message = `Cannot tell whether anyone listens on ${path}: connect answers ${refusal}`
    throw new ManagerError("socket_path_taken", message)
  }
  await rm(path, { force: true })
}

/** The error code of connecting, or undefined when somebody answers. */
function connectOnce(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once("error", (error) => resolve(errnoOf(error) ?? "an unknown error"))
  })
}
