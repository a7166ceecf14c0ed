import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Mode } from "pagerd"
import type { Daemon } from "../demo/daemon/daemon.js"
import { startDaemon } from "../demo/daemon/start.js"
import { interruptionBySignals, reportFailure } from "../demo/interruption.js"
import { memoryUse } from "../demo/measure/memory.js"
import { Progress } from "../demo/output/progress.js"
import { runLoad } from "./load.js"
import type { Way } from "./messages.js"
import { type Options, parseOptions } from "./options.js"
import { asJson, formatReport, type WayOutcome } from "./report.js"
import { ServerProcess } from "./server_process.js"
import { buildShopImage, type ShopImage } from "./shop_image.js"

/** What a run works with. `main` owns all of it. */
interface Stage {
  readonly options: Options
  readonly daemon: Daemon
  readonly image: ShopImage
  readonly progress: Progress
  readonly signal: AbortSignal
}

async function main(options: Options): Promise<void> {
  const progress = new Progress(process.stderr)
  const interruption = interruptionBySignals()
  const { signal } = interruption
  const directory = mkdtempSync(join(tmpdir(), "pagerd-pool-"))
  try {
    const daemon = await startDaemon(progress, interruption)
    try {
      const image = await buildShopImage(directory)
      const outcomes = await runWays({ options, daemon, image, progress, signal })
      const { isJson } = options
      console.log(isJson ? JSON.stringify(asJson(image, outcomes)) : formatReport(image, outcomes))
    } finally {
      await daemon.stop()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A new instance takes so long that fewer of them tell the same. */
const sharesOfRequests = { new: 0.025, copy: 0.25, pool: 1 }

async function runWays(stage: Stage): Promise<WayOutcome[]> {
  const outcomes = [await runWay(stage, "new", "auto"), await runWay(stage, "copy", "auto")]
  for (const mode of stage.options.modes) outcomes.push(await runWay(stage, "pool", mode))
  return outcomes
}

async function runWay(
  { options, daemon, image, progress, signal }: Stage,
  way: Way,
  mode: Mode,
): Promise<WayOutcome> {
  signal.throwIfAborted()
  const { slots } = options
  const { socket } = daemon
  const { directory, database } = image
  const title = way === "pool" ? `pool, ${mode}` : `${way} instances`
  const requests = Math.max(20, Math.round(options.requests * sharesOfRequests[way]))
  const step = progress.begin(title, requests, "requests")
  const server = new ServerProcess(signal)
  try {
    const job = { way, socket, directory, database, slots, mode }
    const serving = await server.serve(job)
    const { port } = serving
    const load = await runLoad({ port, requests, connections: 2 * slots, step, signal })
    const memory = memoryUse(server.pid)
    const served = await server.end()
    return { way, title, serving, load, served, pss_bytes: memory?.pss_bytes ?? 0 }
  } catch (error) {
    throw await server.explain(error)
  } finally {
    server.kill()
    step.end()
    signal.throwIfAborted()
  }
}

const options = parseOptions(process.argv)
main(options).catch((error: unknown) => reportFailure("wasm-pool", options.isJson, error))
