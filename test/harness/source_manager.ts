import { join } from "node:path"
import { type ConfigInput, type PageSource, serve } from "../../manager/index.js"
import type { Logger } from "../../manager/log.js"
import { DebugSocket } from "./debug_socket.js"
import { scratchDirectory } from "./scratch.js"

/** A manager in the test's own process, for page sources that are objects of the test. */
export interface SourceManager {
  readonly socket: string
  readonly debug: DebugSocket
  stop(): Promise<void>
}

/** Serves page sources from this process. Only other processes may fault on them. */
export async function serveSources(
  images: Readonly<Record<string, PageSource>>,
  config: ConfigInput = {},
  log?: Logger,
): Promise<SourceManager> {
  const directory = scratchDirectory()
  const socket = join(directory, "pagerd.sock")
  const debugSocket = join(directory, "debug.sock")
  const stateDir = join(directory, "state")
  const manager = await serve({
    socket,
    debugSocket,
    stateDir,
    images,
    config: { logLevel: "error", ...config },
    ...(log === undefined ? {} : { log }),
  })
  return { socket, debug: new DebugSocket(debugSocket), stop: () => manager.close() }
}
