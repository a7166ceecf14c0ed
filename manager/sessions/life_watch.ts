import type { NativeEngine } from "../engine/native.js"
import { Rounds } from "./rounds.js"
import type { Session } from "./session.js"

const sessionsPerRoundMax = 256

/**
 * Asks after the processes of forked children, which have no socket whose end could tell. The
 * engine asks the kernel, whose answer for a child that is gone is an event. JS thread.
 */
export class LifeWatch {
  private readonly rounds: Rounds<Session>

  constructor(
    private readonly engine: Pick<NativeEngine, "lookForLife" | "lookAtKept">,
    private readonly children: () => readonly Session[],
  ) {
    const items = () => this.lookAtKept()
    this.rounds = new Rounds(sessionsPerRoundMax, items, (child) => this.lookAt(child))
  }

  start(): void {
    this.rounds.start()
  }

  stop(): void {
    this.rounds.stop()
  }

  /** With nobody left to ask after this is the last round, until there is a child again. */
  private lookAtKept(): readonly Session[] {
    const children = this.children()
    const kept = this.engine.lookAtKept()
    if (children.length === 0 && kept === 0) this.stop()
    return children
  }

  private lookAt({ space, state }: Session): void {
    if (space !== undefined && state === "active") this.engine.lookForLife(space)
  }
}
