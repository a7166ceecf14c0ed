import { join } from "node:path"
import { pino } from "pino"
import { type Manager, type ServeOptions, serve } from "../../manager/index.js"
import { scratchDirectory } from "../harness/scratch.js"

/** A manager in the test's own process, and what it logged. */
export interface Serving extends Manager {
  readonly logLines: readonly Readonly<Record<string, unknown>>[]
}

/** Serves on sockets in a directory of its own. The test closes it. */
export async function serveInTest(options: ServeOptions = {}): Promise<Serving> {
  const directory = scratchDirectory()
  const logLines: Record<string, unknown>[] = []
  const write = (line: string) => void logLines.push(JSON.parse(line))
  const manager = await serve({
    socket: join(directory, "pagerd.sock"),
    debugSocket: join(directory, "debug.sock"),
    stateDir: join(directory, "state"),
    log: pino({ level: "debug", base: null }, { write }),
    ...options,
  })
  return { ...manager, logLines }
}
