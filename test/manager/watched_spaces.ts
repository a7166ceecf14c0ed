import type { Config } from "../../manager/config.js"
import type { FaultQueue, NativeEngine, StuckFaultSnapshot } from "../../manager/engine/native.js"
import type { Session } from "../../manager/sessions/session.js"
import { Watchdog } from "../../manager/watchdog/watchdog.js"
import { CollectedLog } from "../harness/collected_log.js"

/** What the watchdog looks at, as the test says it is; and what it has done about it. */
export class WatchedSpaces {
  readonly stuck = new Map<number, StuckFaultSnapshot>()
  readonly queues = new Map<number, FaultQueue>()
  /** Those that some fault thread could not watch. */
  unwatched: number[] = []
  /** Of each space, in the order of the calls. */
  readonly woken: number[] = []
  readonly givenUp: number[] = []
  readonly killed: number[] = []
  readonly collected = new CollectedLog()
  readonly watchdog: Watchdog
  private readonly sessions = new Map<number, Session>()

  constructor(settings: Partial<Config["watchdog"]>) {
    const patience = { roundMs: 1_000, faultAgeMs: 1_000, limitMs: 5_000, policy: "log" } as const
    this.watchdog = new Watchdog({
      engine: this.engine() as NativeEngine,
      sessions: { bySpace: (space) => this.session(space) },
      settings: { ...patience, ...settings },
      log: this.collected.log,
    })
  }

  /** A fault of the space is stuck there. */
  note(space: number, place: StuckFaultSnapshot["place"], ageMs: number): void {
    this.stuck.set(space, { space, address: 4096n, ageMs, place })
  }

  /** What the kernel counts of the space's waiting threads. */
  noteQueue(space: number, found: Partial<FaultQueue>): void {
    const nothing = { unread: 0, read: 0, faults: 1, isKnown: false, hasStrays: false }
    this.queues.set(space, { space, ...nothing, ...found })
  }

  rounds(count: number): void {
    for (let round = 0; round < count; round += 1) this.watchdog.round()
  }

  private engine(): Partial<NativeEngine> {
    return {
      stuckFaults: (after, ageMsMin, max) =>
        sorted(this.stuck, ({ space, ageMs }) => space > after && ageMs >= ageMsMin, max),
      faultQueues: (from, max) => sorted(this.queues, ({ space }) => space >= from, max),
      unwatchedSpaces: () => this.unwatched,
      wakeFaults: (space) => void this.woken.push(space),
      giveUpFaults: (space) => void this.givenUp.push(space),
    }
  }

  private session(space: number): Session {
    const kill = () => void this.killed.push(space)
    const made = { id: `s${space}`, peer: { pid: space }, regions: { at: () => undefined }, kill }
    const session = this.sessions.get(space) ?? (made as unknown as Session)
    this.sessions.set(space, session)
    return session
  }
}

function sorted<Item extends { readonly space: number }>(
  items: ReadonlyMap<number, Item>,
  isMeant: (item: Item) => boolean,
  max: number,
): Item[] {
  const found = [...items.values()].filter(isMeant)
  return found.sort((one, other) => one.space - other.space).slice(0, max)
}
