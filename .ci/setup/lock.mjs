// One setup at a time in one tree. The lock is an abstract Unix socket named after the tree:
// binding it is atomic, and the kernel drops it when its holder dies, so that no lock can be stale.
import { createHash } from "node:crypto"
import { realpathSync } from "node:fs"
import { connect, createServer } from "node:net"

export async function withLock(tree, run) {
  const name = `\0pagerd-setup-${createHash("sha256").update(realpathSync(tree)).digest("hex")}`
  let server = await bind(name)
  if (!server) process.stderr.write("setup: waiting for another setup of this tree\n")
  while (!server) {
    await holderIsGone(name)
    server = await bind(name)
  }
  try {
    return await run()
  } finally {
    server.close()
    for (const waiter of server.waiters) waiter.destroy()
  }
}

/** The bound server, or undefined when somebody else holds the name. */
function bind(name) {
  return new Promise((resolve, reject) => {
    const waiters = new Set()
    const server = createServer((waiter) => {
      waiters.add(waiter)
      // A waiter that gives up resets its connection; that is no concern of the holder.
      waiter.on("error", () => {}).on("close", () => waiters.delete(waiter))
    })
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve() : reject(error)))
    server.listen(name, () => resolve(Object.assign(server, { waiters })))
  })
}

/**
 * Resolves when the holder closes the connection, by finishing or by dying, or cannot be reached
 * any more.
 */
function holderIsGone(name) {
  return new Promise((resolve) => {
    const connection = connect(name)
    connection.on("error", () => {}).on("close", () => resolve())
    connection.resume()
  })
}
