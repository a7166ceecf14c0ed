import { setTimeout as delay } from "node:timers/promises"
import { type Command, InvalidArgumentError } from "commander"
import type { InfoView, SessionView, StatsView } from "../../view.js"
import type { DebugClient } from "../debug_client.js"
import { CommandFailure } from "../failure.js"
import { type AskingOptions, clientOf, withDebugSocket } from "../options.js"
import { print, printJson } from "../output.js"
import { terminalOf } from "../terminal.js"
import { renderFrame } from "./frame.js"
import { type Activity, activityBetween, type Sample } from "./rates.js"
import { Screen } from "./screen.js"

/** Frames whose faults per second are kept for the chart. */
const historyMax = 60

interface TopOptions extends AskingOptions {
  readonly interval: number
  readonly once?: true
}

export function addTop(program: Command): void {
  withDebugSocket(program.command("top"))
    .description("watch the clients, the busiest first")
    .option("--interval <seconds>", "time between two looks", seconds, 1)
    .option("--once", "print one frame, of one interval, and end")
    .addHelpText(
      "after",
      `
Rates are differences between two looks; latencies are since the manager started. q or Ctrl-C ends
it. Without a terminal, and with --json, it prints one frame.

Example:
  pagerd top --interval 0.5`,
    )
    .action(top)
}

async function top(options: TopOptions): Promise<void> {
  const client = clientOf(options)
  if (options.once || options.json || !process.stdout.isTTY) await printOnce(client, options)
  else await watch(client, options.interval)
}

async function printOnce(client: DebugClient, { interval, json }: TopOptions): Promise<void> {
  const earlier = await look(client)
  await delay(interval * 1e3)
  const activity = activityBetween(earlier, await look(client))
  if (json) {
    await printJson(jsonOf(activity))
  } else {
    const terminal = terminalOf(process.stdout)
    const rows = Number.POSITIVE_INFINITY
    await print(renderFrame(activity, { terminal, rows, history: [], trouble: undefined }))
  }
}

async function watch(client: DebugClient, intervalS: number): Promise<void> {
  let sample = await look(client)
  let activity = activityBetween(undefined, sample)
  let trouble: string | undefined
  const history: number[] = []

  const stop = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stop.abort())
  }
  const screen = new Screen(() => stop.abort())
  const draw = () => {
    const terminal = terminalOf(process.stdout)
    screen.draw(renderFrame(activity, { terminal, rows: screen.rows, history, trouble }))
  }
  process.stdout.on("resize", draw)
  try {
    while (!stop.signal.aborted) {
      draw()
      await delay(intervalS * 1e3, undefined, { signal: stop.signal }).catch(() => undefined)
      try {
        const earlier = sample
        sample = await look(client)
        activity = activityBetween(earlier, sample)
        trouble = undefined
        history.splice(0, history.length - historyMax + 1)
        history.push(activity.totals.faults_per_s)
      } catch (error) {
        // A manager that restarts is worth waiting for: its clients do the same.
        if (!(error instanceof CommandFailure)) throw error
        trouble = error.message
      }
    }
  } finally {
    screen.close()
  }
}

async function look(client: DebugClient): Promise<Sample> {
  const [info, stats, sessions] = await Promise.all([
    client.get<InfoView>("/v1/info"),
    client.get<StatsView>("/v1/stats"),
    client.get<SessionView[]>("/v1/sessions"),
  ])
  return { atMs: performance.now(), info, stats, sessions }
}

function jsonOf({ interval_s, totals, sessions }: Activity) {
  return {
    interval_s,
    ...totals,
    sessions: sessions.map(({ session, ...rates }) => ({ ...session, ...rates })),
  }
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0.1 && value <= 3_600) return value
  throw new InvalidArgumentError("It must be a number of seconds from 0.1 to 3600.")
}
