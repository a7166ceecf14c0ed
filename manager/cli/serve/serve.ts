import { type Command, Option } from "commander"
import { defaultPaths } from "../../../protocol/paths.js"
import type { ConfigInput } from "../../config.js"
import { loadNative } from "../../engine/load.js"
import { reasonOf } from "../../errors.js"
import { announceOnStandardOutput, lastWordsBudgetMs, standardError } from "../../log_output.js"
import type { Manager } from "../../serve.js"
import { takePassedSockets } from "../../sockets/passed_sockets.js"
import { exitCodes, exitCodesHelp } from "../failure.js"
import { type JsonOption, wholeNumber, withJson } from "../options.js"
import { awaitEndSignal } from "./end_signals.js"
import { addNamedSource, type NamedSources } from "./image_option.js"
import { type Notice, serviceNotices } from "./service_notices.js"
import { ServiceWatchdog, watchdogIntervalMs } from "./service_watchdog.js"
import { recordedImages } from "./working_sets_option.js"

interface ServeFlags extends JsonOption {
  readonly socket?: string
  readonly debugSocket?: string
  readonly stateDir?: string
  readonly image?: NamedSources
  readonly config?: string
  readonly threads?: number
  readonly workingSets?: ReturnType<typeof recordedImages>
  readonly takeover?: boolean
  readonly logLevel?: Exclude<ConfigInput["logLevel"], undefined>
}

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const

export function addServe(program: Command): void {
  const paths = defaultPaths()
  withJson(program.command("serve"))
    .description("serve clients, in the foreground, until SIGTERM or SIGINT")
    .option("--socket <path>", `where clients connect (default: ${paths.socket})`)
    .option("--debug-socket <path>", `where one looks inside (default: ${paths.debugSocket})`)
    .option("--state-dir <dir>", `what outlives the process (default: ${paths.stateDir})`)
    .option("--image <name=source>", "an image to begin with; may be given often", addNamedSource)
    .option("--config <file>", "a TOML file with settings; flags go ahead of it")
    .option("--threads <count>", "fault threads, each on a CPU of its own", wholeNumber(1, 64))
    .option(
      "--working-sets <images>",
      "whose first touches are replayed: all, or a,b",
      recordedImages,
    )
    .option("--takeover", "replace the manager that serves here; its clients go on with this one")
    .addOption(new Option("--log-level <level>", "what goes to stderr").choices(logLevels))
    .addHelpText("after", `${afterHelp}\n${exitCodesHelp}`)
    .action(serveUntilSignal)
}

const afterHelp = `
It prints "pagerd ready on PATH" once it serves (with --json: {"ready":true,"socket":...}), and logs
JSON lines on stderr. The first SIGTERM or SIGINT lets what is under way end and exits with 0; the
second exits at once with 143 or 130. Clients outlive it: they wait for the next manager.
For systemd: "pagerd systemd" prints a unit. It takes the sockets that systemd passes, and tells its
watchdog as long as its fault threads answer.

A configuration file says more about an image than a flag can:
  [images]
  model = "/srv/model.bin"
  index = { source = "/srv/index.dat", load = true }
  board = { source = "/srv/board.bin", writable = true }
  vm = ["/srv/base.mem", "/srv/diff1.mem"]
  plans = { source = "/srv/plans.bin", allow_uids = [1000], allow_gids = [44] }
With load all of it is brought into memory before the manager is ready. What clients write into a
writable image is never written back to its source. The files of "vm" are layers: a page comes from
the newest that has data in it ("pagerd image add --help" says more). For users who are on neither
list there is no image "plans". [clients] takes allow_uids and allow_gids too: who may be a client
at all. [working_sets] takes images = "all" or a list of names: what a client touches of them first
is recorded, and brought to the next one before it asks.

Examples:
  pagerd serve --image model=./model.bin --image index=/srv/index.dat
  pagerd serve --image vm=base.mem,diff1.mem
  pagerd serve --config /etc/pagerd.toml --log-level warn`

async function serveUntilSignal(flags: ServeFlags): Promise<void> {
  // From the start, so that a signal that comes while images are opened ends it in order too.
  const ending = awaitEndSignal()
  // Only now: every other command would wait for what a manager is made of.
  const { serve } = await import("../../serve.js")
  const starting = new AbortController()
  void ending.then((signal) => starting.abort(signal))
  const manager = await serve({
    ...definedPaths(flags),
    passed: takePassedSockets(process.env, loadNative()),
    images: flags.image ?? {},
    takeOver: flags.takeover ?? false,
    config: settingsOf(flags),
    signal: starting.signal,
  }).catch((error) => {
    // Nobody was served yet, so there is nothing to drain.
    if (starting.signal.aborted) process.exit(exitCodes.done)
    throw error
  })
  const notify = serviceNotices(process.env, (reason) => {
    const message = "systemd was not told: it takes this service for one that does not start"
    manager.log.warn({ reason: reasonOf(reason) }, `${message}; look at NOTIFY_SOCKET`)
  })
  announce(manager, flags)
  notify(`READY=1\nSTATUS=serving on ${manager.socket}`)
  const watchdog = startWatchdog(manager, notify)

  const reason = await Promise.race([ending, manager.ended.then(() => "POST /v1/drain")])
  clearInterval(watchdog)
  notify(`STOPPING=1\nSTATUS=draining after ${reason}`)
  await manager.drain()
  standardError().flushWithin(lastWordsBudgetMs)
  process.exit(exitCodes.done)
}

function startWatchdog({ askPulses, log }: Manager, notify: Notice): NodeJS.Timeout | undefined {
  const intervalMs = watchdogIntervalMs(process.env)
  if (intervalMs === undefined) return undefined
  const watchdog = new ServiceWatchdog(askPulses, notify, log)
  return setInterval(() => watchdog.check(), intervalMs)
}

function definedPaths({ socket, debugSocket, stateDir, config }: ServeFlags) {
  return {
    ...(socket === undefined ? {} : { socket }),
    ...(debugSocket === undefined ? {} : { debugSocket }),
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(config === undefined ? {} : { configFile: config }),
  }
}

function settingsOf({ threads, workingSets, logLevel }: ServeFlags): ConfigInput {
  return {
    ...(workingSets === undefined ? {} : { workingSets: { images: workingSets } }),
    ...(threads === undefined ? {} : { engine: { faultThreads: threads } }),
    ...(logLevel === undefined ? {} : { logLevel }),
  }
}

function announce({ socket, debugSocket }: Manager, { json }: JsonOption): void {
  const ready = { ready: true, socket, debug_socket: debugSocket }
  announceOnStandardOutput(json ? JSON.stringify(ready) : `pagerd ready on ${socket}`)
}
