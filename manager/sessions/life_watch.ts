import type { NativeEngine } from "../engine/native.js"
import type { Session } from "./session.js"

const roundMs = 1_000
/** Sessions looked at in one round; with more of them each has its turn less often. */
const sessionsPerRoundMax = 256

/**
 * Asks after the processes of forked children, which have no socket whose end could tell. The
 * engine asks the kernel, whose answer for a child that is gone is an event. JS thread.
 */
export class LifeWatch {
  private timer: NodeJS.Timeout | undefined
  private next = 0

  constructor(
    private readonly engine: Pick<NativeEngine, "lookForLife" | "lookAtKept">,
    private readonly children: () => readonly Session[],
  ) {}

  start(): void {
    this.timer ??= setInterval(() => this.lookAround(), roundMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private lookAround(): void {
    const children = this.children()
    const kept = this.engine.lookAtKept()
    if (children.length === 0 && kept === 0) this.stop()
    const turns = Math.min(children.length, sessionsPerRoundMax)
    for (let turn = 0; turn < turns; turn += 1) {
      this.next = (this.next + 1) % children.length
      const { space, state } = children[this.next] as Session
      if (space !== undefined && state === "active") this.engine.lookForLife(space)
    }
  }
}
