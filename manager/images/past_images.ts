import { closeSync } from "node:fs"
import type { Logger } from "../log.js"
import type { ImageJournal, PastImage } from "./image_journal.js"
import { findMemory } from "./past_memory.js"

/**
 * The images of the manager before this one, each until this one has it too or nobody has asked for
 * it in time. Their memory is found with the clients that map it. JS thread; owned by the registry.
 */
export class PastImages {
  private readonly byId = new Map<number, PastImage>()
  private readonly memory: Map<string, number>
  private readonly expiry: NodeJS.Timeout
  /** Of performance.now(): until then the clients of that manager may come. */
  readonly deadlineMs: number

  constructor(
    private readonly journal: ImageJournal,
    resumeWaitMs: number,
    log: Logger,
  ) {
    for (const past of journal.past) this.byId.set(past.id, past)
    this.memory = findMemory(new Set(journal.past.map(({ memory }) => memory)))
    this.deadlineMs = performance.now() + resumeWaitMs
    this.expiry = setTimeout(() => this.close(), resumeWaitMs).unref()
    const images = this.byId.size
    if (images === 0) return
    log.info({ images, memories_found: this.memory.size }, "images of an earlier manager")
  }

  /** The greatest number that any of them had. */
  get lastId(): number {
    return this.journal.past[0]?.id ?? 0
  }

  get isOver(): boolean {
    return performance.now() > this.deadlineMs
  }

  list(): PastImage[] {
    return [...this.byId.values()]
  }

  find(id: number): PastImage | undefined {
    return this.byId.get(id)
  }

  /** The newest that had this name. */
  named(name: string, isWritable: boolean): PastImage | undefined {
    return this.list().find((past) => past.name === name && past.isWritable === isWritable)
  }

  /** A descriptor of its memory, which stays ours. */
  memoryOf({ memory }: PastImage): number | undefined {
    return this.memory.get(memory)
  }

  /** This manager has it now, in its memory, and keeps its place in the journal. */
  take({ id, memory }: PastImage): void {
    this.byId.delete(id)
    const descriptor = this.memory.get(memory)
    if (descriptor !== undefined) closeSync(descriptor)
    this.memory.delete(memory)
  }

  /** Nobody has come for the others. */
  close(): void {
    clearTimeout(this.expiry)
    for (const past of this.list()) {
      this.take(past)
      this.journal.forget(past.id)
    }
  }

  /** This manager ends too, and those who have not come yet may come to the next. */
  leave(): void {
    clearTimeout(this.expiry)
    for (const past of this.list()) this.take(past)
  }
}
