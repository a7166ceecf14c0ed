import type { Engine } from "../engine/engine.js"
import { ClientError, reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { WorkingSets } from "../working_sets/working_sets.js"
import type { Session } from "./session.js"

/** How far a session has come on its way to need no manager. */
export interface Population {
  readonly bytesPerSecond: number
  /** "filling": pages are being installed. "failed": it is served on, and `failure` says why. */
  state: "waiting" | "filling" | "failed" | "done"
  failure: string | undefined
}

/** Under way at once; others wait for their turn. The engine's places for bulk are everybody's. */
const underWayMax = 64

/**
 * Brings all of a session's memory in the background, and lets its client go then: it depends on
 * nobody. Whoever cannot be let go without one missing page is served on. JS thread.
 */
export class Populations {
  private underWay = 0
  private readonly turns: (() => void)[] = []

  constructor(
    private readonly engine: Pick<Engine, "populate" | "unregister">,
    private readonly workingSets: Pick<WorkingSets, "whenQuiet">,
    private readonly log: Logger,
  ) {}

  /** To be called once all of its regions are mapped. Resolves with whether it was let go. */
  async run(session: Session, bytesPerSecond: number): Promise<boolean> {
    const population: Population = { bytesPerSecond, state: "waiting", failure: undefined }
    session.population = population
    const begunMs = performance.now()
    try {
      await this.workingSets.whenQuiet(spaceOf(session))
      const pages = await this.inTurn(() => this.fill(session, population))
      await this.letGo(session)
      population.state = "done"
      const took_ms = Math.round(performance.now() - begunMs)
      const facts = { session: session.id, pid: session.peer.pid, pages: Number(pages), took_ms }
      this.log.info(facts, "all of a client's memory is there: it depends on the manager no more")
      return true
    } catch (error) {
      population.state = "failed"
      population.failure = reasonOf(error)
      this.tellFailure(session, population.failure)
      return false
    }
  }

  private async inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.underWay < underWayMax) this.underWay += 1
    else await new Promise<void>((resolve) => this.turns.push(resolve))
    try {
      return await run()
    } finally {
      const next = this.turns.shift()
      if (next === undefined) this.underWay -= 1
      else next()
    }
  }

  private async fill(session: Session, population: Population): Promise<bigint> {
    population.state = "filling"
    let pages = 0n
    for (const { region } of [...session.regions.list()]) {
      pages += await this.engine.populate(spaceOf(session), region, population.bytesPerSecond)
    }
    return pages
  }

  private async letGo(session: Session): Promise<void> {
    const failure = await this.engine.unregister(spaceOf(session))
    if (failure !== "") throw new ClientError("prefault_failed", failure)
    await session.release()
  }

  private tellFailure(session: Session, reason: string): void {
    const facts = { session: session.id, pid: session.peer.pid, reason }
    if (session.state === "closing") {
      this.log.debug(facts, "a client has ended before all of its memory was there")
      return
    }
    session.noteError("prefault_failed", `It still depends on the manager: ${reason}`)
    this.log.warn(facts, "a client cannot be let go: it depends on the manager still")
  }
}

function spaceOf({ space }: Session): number {
  if (space === undefined) throw new ClientError("client_gone", "the session has ended")
  return space
}
