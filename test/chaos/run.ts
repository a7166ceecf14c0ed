import { execFile } from "node:child_process"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { faultWaiters } from "../harness/observed_process.js"
import { pagerdCommand } from "../harness/repository.js"
import { Books } from "./books.js"
import type { ChaosRun } from "./command.js"
import type { Daemon } from "./daemon.js"
import { mainDaemon, sourceDaemon } from "./daemons.js"
import { actions, type Done } from "./disturbances.js"
import { audit, endClients, endDaemons, type Leaks, takeBaselines } from "./ending.js"
import { Findings } from "./findings.js"
import { Fleet } from "./fleet.js"
import { makeImages } from "./images.js"
import { type Disturbance, disturbances, type Options } from "./options.js"
import { Random } from "./random.js"
import { type Report, reportOf } from "./report.js"
import { RunDirectory } from "./run_directory.js"
import { awaitProgress } from "./stalls.js"

/** One time that clients had to wait for a manager. */
export interface Measured {
  readonly disturbance: Disturbance
  readonly daemon: string
  readonly stallMs: number
  /** How long the manager that ended it took to start. */
  readonly startMs: number
}

/** One run of clients, from its images to its report. */
export class Run implements ChaosRun<Report> {
  readonly findings = new Findings()
  readonly random: Random
  readonly directory = new RunDirectory()
  readonly books: Books
  readonly main: Daemon
  readonly source: Daemon
  readonly fleet: Fleet
  readonly counts = new Map<Disturbance, number>()
  readonly measured: Measured[] = []
  kills = 0
  leaks: Leaks = { managers: [], clients: [] }
  additions = 0
  hasFinished = false
  #begunMs = 0
  #isInterrupted = false
  /** Aborted when something was found, or nobody wants to know more. */
  readonly #enough = new AbortController()

  constructor(
    readonly options: Options,
    private readonly tell: (text: string) => void,
  ) {
    this.random = new Random(options.seed)
    const { path, logs: logDirectory } = this.directory
    const images = makeImages(path, options.seed, options.modelMib << 20)
    this.books = new Books(join(path, "books"))
    this.main = mainDaemon(path, images, logDirectory)
    this.source = sourceDaemon(path, images, logDirectory)
    this.fleet = new Fleet({ ...this, images, logDirectory, options, random: this.random })
    void this.findings.first.then(() => this.#enough.abort())
  }

  async toEnd(): Promise<Report> {
    this.#begunMs = performance.now()
    const kinds = await this.#kinds()
    await Promise.all([this.main.start(), this.source.start()])
    const baselines = await takeBaselines(this)
    await this.fleet.start()
    this.tell(`${this.fleet.members.length} clients; logs in ${this.directory.logs}`)
    await this.#disturb(kinds)
    if (this.options.lie === "manager-descriptor") this.source.send("leak")
    const clients = await endClients(this)
    this.additions = await audit(this)
    this.leaks = { clients, managers: await endDaemons(this, baselines) }
    this.hasFinished = !this.#isInterrupted
    return this.report()
  }

  /** Nothing is disturbed any more; what was found, and what everybody left, is reported. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#enough.abort()
  }

  /** As far as it has come. */
  report(): Report {
    return reportOf(this, (performance.now() - this.#begunMs) / 1000)
  }

  /** Those that this tree can do. */
  async #kinds(): Promise<Map<Disturbance, number>> {
    const kinds = new Map([...disturbances].filter(([kind]) => this.options.kinds.has(kind)))
    const help = await promisify(execFile)(process.execPath, [pagerdCommand, "serve", "--help"])
    if (kinds.has("takeover") && !help.stdout.includes("--takeover")) {
      kinds.delete("takeover")
      this.tell("no takeover: this pagerd has no `serve --takeover`")
    }
    return kinds
  }

  /** One after another, at random moments, until it is enough or something was found. */
  async #disturb(kinds: ReadonlyMap<Disturbance, number>): Promise<void> {
    const { seconds, killsMax, lie } = this.options
    const endMs = performance.now() + seconds * 1000
    const { signal } = this.#enough
    while (!signal.aborted && performance.now() < endMs && this.kills < killsMax) {
      await delay(this.random.between(20, 600), undefined, { signal }).catch(() => {})
      if (signal.aborted) break
      if (lie === "manager-crash") this.source.signal("SIGKILL")
      if (kinds.size > 0) await this.#disturbOnce(this.random.weighted(kinds))
      for (const daemon of [this.main, this.source]) await this.#revive(daemon)
    }
  }

  async #disturbOnce(kind: Disturbance): Promise<void> {
    let done: Done
    try {
      done = await actions[kind](this)
    } catch (error) {
      this.findings.manager(`${kind}: ${(error as Error).message}`)
      return
    }
    this.kills += done.kills
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    const stall = await this.awaitClients(done)
    const daemon = done.daemon.name
    this.tell(`${kind} of ${daemon}: clients went on after ${stall.toFixed(0)} ms`)
    if (kind === "kill" || kind === "term" || kind === "takeover") {
      const startMs = done.daemon.startsMs.at(-1) ?? 0
      this.measured.push({ disturbance: kind, daemon, stallMs: stall, startMs })
    }
  }

  /** Until every thread has gone on; who does not is lost. */
  async awaitClients({ daemon, atNs }: Pick<Done, "daemon" | "atNs">): Promise<number> {
    const members = this.fleet.members.filter(({ berth }) => berth.daemon === daemon)
    const slots = members.flatMap(({ berth }) =>
      Array.from({ length: berth.slots }, (_, at) => berth.firstSlot + at),
    )
    const { ms, stuck } = await awaitProgress(
      this.books,
      new Set(slots),
      atNs,
      this.options.patienceMs,
    )
    for (const { kind, pid, number } of stuck) {
      const { pending, total } = faultWaiters(pid)
      const waits = `${total} threads wait in faults, ${pending} of them that nobody has read`
      const text = `its ${kind} thread has stood still for ${ms.toFixed(0)} ms; ${waits}`
      this.findings.lost(`slot ${number}`, pid, text)
    }
    return ms
  }

  /** A manager that ended by itself is a finding; its clients need another all the same. */
  async #revive(daemon: Daemon): Promise<void> {
    const crash = daemon.crashes.shift()
    if (crash === undefined) return
    this.findings.manager(`ended by itself: ${crash}`)
    await daemon.start()
  }
}
