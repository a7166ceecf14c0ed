import { execFile } from "node:child_process"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { descriptorCount } from "../harness/observed_process.js"
import type { Books } from "./books.js"
import type { Daemon } from "./daemon.js"
import type { Fleet } from "./fleet.js"
import { killInARow } from "./kills.js"
import type { Disturbance } from "./options.js"
import type { Random } from "./random.js"
import type { SourceState } from "./source_manager_process.js"

/** What a disturbance is done to. */
export interface Scene {
  readonly random: Random
  readonly main: Daemon
  readonly source: Daemon
  readonly fleet: Fleet
  readonly books: Books
}

/** What was done, and whose clients must go on after it. */
export interface Done {
  readonly daemon: Daemon
  /** From then on: CLOCK_MONOTONIC. */
  readonly atNs: bigint
  /** How many managers were killed. */
  readonly kills: number
}

const now = (): bigint => process.hrtime.bigint()

/** The manager that most clients have, or now and then the other one. */
const anyDaemon = ({ random, main, source }: Scene): Daemon => (random.once(4) ? source : main)

/** Mostly once; now and then several times in a row. */
async function kill(scene: Scene): Promise<Done> {
  const daemon = anyDaemon(scene)
  const { random } = scene
  const kills = random.once(4) ? random.between(2, 3) : 1
  await daemon.lookAtStats()
  const atNs = await killInARow(daemon, random, kills)
  await daemon.start()
  return { daemon, atNs, kills }
}

async function term(scene: Scene): Promise<Done> {
  const daemon = anyDaemon(scene)
  await daemon.lookAtStats()
  const atNs = await daemon.terminate()
  await daemon.start()
  return { daemon, atNs, kills: 0 }
}

/** Now and then the one that takes over is killed, before, while or after it does. */
async function takeover({ main, random }: Scene): Promise<Done> {
  await main.lookAtStats()
  const isInVain = random.once(3)
  if (!isInVain) return { daemon: main, atNs: await main.takeOver(), kills: 0 }
  const atNs = await main.takeOverInVain(random.between(1, 1500))
  await main.start()
  return { daemon: main, atNs, kills: 1 }
}

async function stop(scene: Scene): Promise<Done> {
  const daemon = anyDaemon(scene)
  daemon.signal("SIGSTOP")
  await delay(scene.random.between(20, 400))
  daemon.signal("SIGCONT")
  return { daemon, atNs: now(), kills: 0 }
}

async function client({ fleet, main }: Scene): Promise<Done> {
  await fleet.replace()
  return { daemon: main, atNs: now(), kills: 0 }
}

async function source({ random, source: daemon }: Scene): Promise<Done> {
  const states: readonly SourceState[] = ["fails", "hangs"]
  daemon.send(random.of(states))
  await delay(random.between(50, 500))
  daemon.send("well")
  return { daemon, atNs: now(), kills: 0 }
}

/** The manager can open a few descriptors more, and then none, for a while. */
async function descriptors({ main, books, random }: Scene): Promise<Done> {
  const prlimit = (...args: string[]) =>
    promisify(execFile)("prlimit", ["--pid", String(main.pid), ...args])
  const { stdout } = await prlimit("--nofile", "--output=SOFT,HARD", "--raw", "--noheadings")
  const [soft = "", hard = ""] = stdout.trim().split(/\s+/)
  books.toggleHardship()
  try {
    await prlimit(`--nofile=${descriptorCount(main.pid) + 2}:${hard}`)
    await delay(random.between(50, 300))
  } finally {
    await prlimit(`--nofile=${soft}:${hard}`)
    // Calls that began in want of descriptors may be answered from that.
    await delay(50)
    books.toggleHardship()
  }
  return { daemon: main, atNs: now(), kills: 0 }
}

export const actions: Readonly<Record<Disturbance, (scene: Scene) => Promise<Done>>> = {
  kill,
  term,
  takeover,
  stop,
  client,
  source,
  descriptors,
}
