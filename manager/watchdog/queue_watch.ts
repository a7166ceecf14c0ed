import type { FaultQueue, NativeEngine } from "../engine/native.js"

/** Address spaces whose queue in the kernel is looked at in one round, in turn. */
const spacesPerRoundMax = 256
/** Those that looked suspicious are looked at again every round. */
const suspectsMax = 256

/** A queue that nothing has happened to since it first looked so. */
export interface StillQueue extends FaultQueue {
  readonly sinceMs: number
}

/**
 * What the kernel counts of threads that wait in faults, compared with what we know of. One look
 * proves nothing: a fault may be read, or resolved, between the kernel's word and ours. Two looks
 * with no fault read in between, and the same contradiction in both, do. JS thread.
 */
export class QueueWatch {
  private readonly suspects = new Map<number, StillQueue>()
  private next = 0

  constructor(private readonly engine: Pick<NativeEngine, "faultQueues">) {}

  /** Those that have stood still since an earlier round. */
  round(nowMs: number): StillQueue[] {
    const earlier = [...this.suspects.values()]
    this.suspects.clear()
    const still: StillQueue[] = []
    for (const before of earlier) {
      const now = this.engine.faultQueues(before.space, 1)[0]
      if (now === undefined || now.space !== before.space || !isSuspicious(now)) continue
      const same = isSame(before, now)
      const suspect = { ...now, sinceMs: same ? before.sinceMs : nowMs }
      this.suspects.set(now.space, suspect)
      if (same) still.push(suspect)
    }
    this.sweep(nowMs)
    return still
  }

  /** How long the space's oldest fault has been unread; undefined when none is stuck there. */
  unreadForMs(space: number, nowMs: number): number | undefined {
    const suspect = this.suspects.get(space)
    return suspect !== undefined && suspect.unread > 0 ? nowMs - suspect.sinceMs : undefined
  }

  private sweep(nowMs: number): void {
    const looked = this.engine.faultQueues(this.next, spacesPerRoundMax)
    for (const queue of looked) {
      if (this.suspects.size >= suspectsMax) break
      if (this.suspects.has(queue.space) || !isSuspicious(queue)) continue
      this.suspects.set(queue.space, { ...queue, sinceMs: nowMs })
    }
    const last = looked.at(-1)
    // One space that cannot be looked at shortens a list, but never empties it for good.
    this.next = last === undefined ? 0 : last.space + 1
  }
}

const isSuspicious = ({ unread, read, isKnown }: FaultQueue): boolean =>
  unread > 0 || (read > 0 && !isKnown)

/** Nothing has been read, and it is suspicious for the same reason. */
const isSame = (before: FaultQueue, now: FaultQueue): boolean =>
  before.faults === now.faults && before.unread > 0 === now.unread > 0
