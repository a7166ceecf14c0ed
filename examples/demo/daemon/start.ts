import { accessSync, constants } from "node:fs"
import { dirname, join } from "node:path"
import { connect } from "pagerd"
import type { Progress } from "../output/progress.js"
import type { Daemon } from "./daemon.js"
import { DebugSocket } from "./debug_socket.js"
import { OwnDaemon } from "./own_daemon.js"
import { SharedDaemon } from "./shared_daemon.js"

const systemSocket = "/run/pagerd/pagerd.sock"

/**
 * root starts a manager of its own. Anybody else uses the one that root runs, when there is one,
 * because its clients may take faults inside system calls too; else they start their own.
 */
export async function startDaemon(
  progress: Progress,
  interruption: AbortController,
): Promise<Daemon> {
  const shared = process.getuid?.() === 0 ? undefined : await findShared(progress)
  if (shared !== undefined) return shared
  const own = await OwnDaemon.start(interruption)
  progress.say(`Started ${own.description}`)
  if (process.getuid?.() !== 0) {
    progress.say(
      "Without root it serves faults of user code only; WebAssembly and JavaScript are user code.",
    )
  }
  return own
}

async function findShared(progress: Progress): Promise<SharedDaemon | undefined> {
  const socket = process.env.PAGERD_SOCKET ?? systemSocket
  try {
    const pager = await connect({ socket })
    const debug = debugSocketBeside(socket)
    progress.say(`Using the manager at ${socket}: images are published to it by this session`)
    if (debug === undefined) {
      progress.say(
        "Its debug socket is not open to this user: figures come from the clients' side.",
      )
    }
    return new SharedDaemon(socket, debug, pager)
  } catch (error) {
    progress.say(`${(error as Error).message} The demo starts one of its own.`)
    return undefined
  }
}

function debugSocketBeside(socket: string): DebugSocket | undefined {
  const path = process.env.PAGERD_DEBUG_SOCKET ?? join(dirname(socket), "debug.sock")
  try {
    accessSync(path, constants.W_OK)
    return new DebugSocket(path)
  } catch {
    return undefined
  }
}
