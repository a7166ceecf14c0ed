import { reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { StateDirectory } from "../state/state_directory.js"
import { encodeSet, parseSet } from "./format.js"
import type { WorkingSet } from "./working_set.js"

const fileName = (key: string): string => `working-set-${key}-4k.json`
const filePattern = /^working-set-([0-9a-f]{32})-4k\.json$/

type Kept = Pick<StateDirectory, "list" | "read" | "write" | "remove">

/**
 * The working sets of all images, a file for each in the state directory. They help, and nothing
 * depends on them: one that cannot be read is told of and forgotten, one that cannot be written is
 * kept in memory. JS thread.
 */
export class WorkingSetStore {
  /** From the one that was recorded the longest ago. */
  private readonly byKey = new Map<string, WorkingSet>()

  constructor(
    private readonly state: Kept,
    private readonly setsMax: number,
    private readonly log: Logger,
  ) {
    const read = state.list().flatMap((name) => this.read(name) ?? [])
    read.sort((one, other) => one.recordedAt.localeCompare(other.recordedAt))
    for (const set of read) this.byKey.set(set.key, set)
    this.forgetSurplus()
  }

  find(key: string): WorkingSet | undefined {
    return this.byKey.get(key)
  }

  /** The newest first. */
  list(): WorkingSet[] {
    return [...this.byKey.values()].reverse()
  }

  put(set: WorkingSet): void {
    this.byKey.delete(set.key)
    this.byKey.set(set.key, set)
    this.forgetSurplus()
    try {
      // It can be recorded again: nothing waits for the disk.
      this.state.write(fileName(set.key), Buffer.from(JSON.stringify(encodeSet(set))))
    } catch (error) {
      const facts = { image: set.image, reason: reasonOf(error) }
      this.log.debug(facts, "a working set is not kept")
    }
  }

  remove(key: string): void {
    this.byKey.delete(key)
    this.state.remove(fileName(key))
  }

  private forgetSurplus(): void {
    for (const key of this.byKey.keys()) {
      if (this.byKey.size <= this.setsMax) return
      this.forget(key)
    }
  }

  private forget(key: string): void {
    try {
      this.remove(key)
    } catch (error) {
      this.log.debug({ key, reason: reasonOf(error) }, "a working set's file stays")
    }
  }

  private read(name: string): WorkingSet | undefined {
    const key = filePattern.exec(name)?.[1]
    if (key === undefined) return undefined
    try {
      const set = parseSet(this.state.read(name) ?? new Uint8Array())
      if (set.key === key) return set
      throw new Error(`it is of an image with key ${set.key}`)
    } catch (error) {
      const facts = { file: name, reason: reasonOf(error) }
      this.log.warn(facts, "a working set cannot be read and is recorded again")
      this.forget(key)
      return undefined
    }
  }
}
