import { closeSync } from "node:fs"
import type { Logger } from "../log.js"
import type { ImageJournal, PastImage } from "./image_journal.js"
import type { FoundMemory } from "./past_memory.js"

/** Finds the memory of images among what others have open. */
export type FindMemory = (wanted: ReadonlySet<string>) => Promise<FoundMemory>

/** The oldest of more are forgotten. */
const pastMax = 4_096
/** How often it is seen at most whether somebody still has their memory. */
const lookMinMs = 1_000

/**
 * The images of the managers before this one, each until this one has it too. Clients may come for
 * them at any time: one that was stopped all the while comes late. Their memory is found with the
 * clients that map it, and held as long as one does. JS thread; owned by the registry.
 */
export class PastImages {
  private readonly byId = new Map<number, PastImage>()
  private memory = new Map<string, number>()
  private expiry: NodeJS.Timeout | undefined

  private constructor(
    private readonly journal: ImageJournal,
    private readonly findMemory: FindMemory,
    /** How long an image that cannot be had is waited for. */
    readonly waitMs: number,
  ) {
    for (const past of journal.past.slice(0, pastMax)) this.byId.set(past.id, past)
    for (const past of journal.past.slice(pastMax)) journal.forget(past.id)
  }

  static async read(
    journal: ImageJournal,
    findMemory: FindMemory,
    waitMs: number,
    log: Logger,
  ): Promise<PastImages> {
    const past = new PastImages(journal, findMemory, waitMs)
    past.memory = (await findMemory(past.wanted())).descriptors
    past.lookLater()
    const images = past.byId.size
    const memories_found = past.memory.size
    if (images > 0) log.info({ images, memories_found }, "images of an earlier manager")
    return past
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
    return this.memory.get(memory)
  }

  /** This manager has it now, in its memory, and keeps its place in the journal. */
  take({ id, memory }: PastImage): void {
    this.byId.delete(id)
    const descriptor = this.memory.get(memory)
    if (descriptor !== undefined) closeSync(descriptor)
    this.memory.delete(memory)
  }

  /**
   * It is not this manager's any more, and somebody may still come for it. Owns the descriptor of
   * its memory; without one it is searched for.
   */
  giveBack(past: PastImage, memory: number | undefined): void {
    this.byId.set(past.id, past)
    if (memory === undefined) void this.findAgain(past.memory)
    else this.keep(past.memory, memory)
  }

  /** The manager ends; who has not come yet may come to the next. */
  leave(): void {
    clearTimeout(this.expiry)
    this.expiry = undefined
    const held = this.memory
    this.memory = new Map()
    this.close(held)
  }

  private lookLater(): void {
    this.expiry = setTimeout(() => void this.forgetUnused(), Math.max(lookMinMs, this.waitMs))
    this.expiry.unref()
  }

  /** What nobody else has open any more is gone for good: its clients have ended. */
  private async forgetUnused(): Promise<void> {
    const held = [...this.byId.values()]
    const { descriptors: used, isWhole } = await this.findMemory(this.wanted())
    this.close(used)
    // The manager ended meanwhile.
    if (this.expiry === undefined) return
    for (const past of isWhole ? held : []) {
      if (used.has(past.memory) || !this.byId.has(past.id)) continue
      this.take(past)
      this.journal.forget(past.id)
    }
    this.lookLater()
  }

  private async findAgain(memory: string): Promise<void> {
    const { descriptors } = await this.findMemory(new Set([memory]))
    for (const [one, descriptor] of descriptors) this.keep(one, descriptor)
  }

  private keep(memory: string, descriptor: number): void {
    const isWanted = this.wanted().has(memory) && !this.memory.has(memory)
    // Without an expiry the manager has ended meanwhile.
    if (isWanted && this.expiry !== undefined) this.memory.set(memory, descriptor)
    else closeSync(descriptor)
  }

  private wanted(): Set<string> {
    return new Set(this.list().map(({ memory }) => memory))
  }

  private close(descriptors: ReadonlyMap<string, number>): void {
    for (const descriptor of descriptors.values()) closeSync(descriptor)
  }
}
