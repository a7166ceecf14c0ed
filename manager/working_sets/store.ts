import { reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { StateDirectory } from "../state/state_directory.js"
import { encodeSet, parseSet } from "./format.js"
import { setNameOf, type WorkingSet } from "./working_set.js"

const fileName = (name: string): string => `working-set-${name}.json`
const filePattern = /^working-set-([0-9a-f]{32}-(?:4k|2m))\.json$/

type Kept = Pick<StateDirectory, "list" | "read" | "write" | "remove">

/**
 * The working sets of all images by their names (see setNameOf), a file for each in the state
 * directory. They help, and nothing
 * depends on them: one that cannot be read is told of and forgotten, one that cannot be written is
 * kept in memory. JS thread.
 */
export class WorkingSetStore {
  /** From the one that was recorded the longest ago. */
  private readonly byName = new Map<string, WorkingSet>()

  constructor(
    private readonly state: Kept,
    private readonly setsMax: number,
    private readonly log: Logger,
  ) {
    const read = state.list().flatMap((name) => this.read(name) ?? [])
    read.sort((one, other) => one.recordedAt.localeCompare(other.recordedAt))
    for (const set of read) this.byName.set(setNameOf(set), set)
    this.forgetSurplus()
  }

  find(name: string): WorkingSet | undefined {
    return this.byName.get(name)
  }

  /** The newest first. */
  list(): WorkingSet[] {
    return [...this.byName.values()].reverse()
  }

  put(set: WorkingSet): void {
    const name = setNameOf(set)
    this.byName.delete(name)
    this.byName.set(name, set)
    this.forgetSurplus()
    try {
      // It can be recorded again: nothing waits for the disk.
      this.state.write(fileName(name), Buffer.from(JSON.stringify(encodeSet(set))))
    } catch (error) {
      const facts = { image: set.image, reason: reasonOf(error) }
      this.log.debug(facts, "a working set is not kept")
    }
  }

  remove(name: string): void {
    this.byName.delete(name)
    this.state.remove(fileName(name))
  }

  private forgetSurplus(): void {
    for (const name of this.byName.keys()) {
      if (this.byName.size <= this.setsMax) return
      this.forget(name)
    }
  }

  private forget(name: string): void {
    try {
      this.remove(name)
    } catch (error) {
      this.log.debug({ name, reason: reasonOf(error) }, "a working set's file stays")
    }
  }

  private read(file: string): WorkingSet | undefined {
    const name = filePattern.exec(file)?.[1]
    if (name === undefined) return undefined
    try {
      const set = parseSet(this.state.read(file) ?? new Uint8Array())
      if (setNameOf(set) === name) return set
      const pages = `pages of ${set.pageBytes} bytes`
      throw new Error(`it is of ${pages} of an image with key ${set.key}`)
    } catch (error) {
      const facts = { file, reason: reasonOf(error) }
      this.log.warn(facts, "a working set cannot be read and is recorded again")
      this.forget(name)
      return undefined
    }
  }
}
