import { closeSync } from "node:fs"
import type { Logger } from "../log.js"
import type { ImageJournal, PastImage } from "./image_journal.js"
import { findMemory } from "./past_memory.js"

/** The oldest of more are forgotten. */
const pastMax = 4_096

/**
 * The images of the managers before this one, each until this one has it too. Clients may come for
 * them at any time: one that was stopped all the while comes late. Their memory is found with the
 * clients that map it. JS thread; owned by the registry.
 */
export class PastImages {
  private readonly byId = new Map<number, PastImage>()
  private readonly memory: Map<string, number>
  private readonly expiry: NodeJS.Timeout

  constructor(
    private readonly journal: ImageJournal,
    /** How long an image that cannot be had is waited for, and memory held that nobody asks for. */
    readonly waitMs: number,
    log: Logger,
  ) {
    for (const past of journal.past.slice(0, pastMax)) this.byId.set(past.id, past)
    for (const past of journal.past.slice(pastMax)) journal.forget(past.id)
    this.memory = findMemory(new Set(this.list().map(({ memory }) => memory)))
    this.expiry = setTimeout(() => this.letMemoryGo(), waitMs).unref()
    const images = this.byId.size
    if (images === 0) return
    log.info({ images, memories_found: this.memory.size }, "images of an earlier manager")
  }

  /** The greatest number that any of them had. */
  get lastId(): number {
    return this.journal.past[0]?.id ?? 0
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
    const known = this.memory.get(memory)
    if (known !== undefined) return known
    const found = findMemory(new Set([memory])).get(memory)
    if (found !== undefined) this.memory.set(memory, found)
    return found
  }

  /** This manager has it now, in its memory, and keeps its place in the journal. */
  take({ id, memory }: PastImage): void {
    this.byId.delete(id)
    const descriptor = this.memory.get(memory)
    if (descriptor !== undefined) closeSync(descriptor)
    this.memory.delete(memory)
  }

  /** It is not this manager's any more, and somebody may still come for it. */
  giveBack(past: PastImage): void {
    this.byId.set(past.id, past)
  }

  /** The manager ends; who has not come yet may come to the next. */
  leave(): void {
    clearTimeout(this.expiry)
    this.closeMemory()
  }

  /** Whoever comes later brings it along. */
  private letMemoryGo(): void {
    this.closeMemory()
    const alive = findMemory(new Set(this.list().map(({ memory }) => memory)))
    for (const descriptor of alive.values()) closeSync(descriptor)
    for (const past of this.list()) {
      if (alive.has(past.memory)) continue
      // Its clients have ended, and so has its memory.
      this.byId.delete(past.id)
      this.journal.forget(past.id)
    }
  }

  private closeMemory(): void {
    for (const descriptor of this.memory.values()) closeSync(descriptor)
    this.memory.clear()
  }
}
