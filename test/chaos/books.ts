import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs"

/** The file of client/books.h, which every client of a run maps. */

export const slotsMax = 256
export const boardPages = 64

const slotBytes = 128
const slotsStart = 4096
const addedStart = slotsStart + slotsMax * slotBytes
const excusedStart = addedStart + slotsMax * boardPages * 4
const booksBytes = excusedStart + boardPages * 4
/** Offsets within a slot of what is written here. */
const field = { servedStarted: 0, finished: 8, steps: 16, intent: 60, pid: 64 } as const

/** What one thread of a client has written down. Times are CLOCK_MONOTONIC. */
export interface Slot {
  readonly number: number
  readonly servedStartedNs: bigint
  readonly finishedNs: bigint
  readonly steps: number
  readonly served: number
  readonly longestGapNs: bigint
  readonly bytesChecked: number
  readonly wrong: number
  readonly failed: number
  readonly refused: number
  readonly intent: number
  /** 0 while the thread does not run. */
  readonly pid: number
  readonly needsManager: boolean
  readonly kind: string
}

export class Books {
  readonly #file: number
  readonly #slots = Buffer.alloc(slotsMax * slotBytes)
  #hardship = 0

  constructor(readonly path: string) {
    this.#file = openSync(path, "w+", 0o666)
    ftruncateSync(this.#file, booksBytes)
  }

  /** Of every slot that was ever used. */
  slots(): Slot[] {
    readSync(this.#file, this.#slots, 0, this.#slots.length, slotsStart)
    const all = Array.from({ length: slotsMax }, (_, number) => readSlot(this.#slots, number))
    return all.filter(({ kind }) => kind !== "")
  }

  /** From here on, or up to here, calls may be refused for want of descriptors. */
  toggleHardship(): void {
    this.#hardship += 1
    this.#writeWord(0, this.#hardship)
  }

  /**
   * The thread of a slot is dead: it runs no more, and what it was about to add to the board may
   * have been added or not.
   */
  bury(number: number): void {
    const start = slotsStart + number * slotBytes
    const intent = this.#readWord(start + field.intent)
    this.#writeWord(start + field.pid, 0)
    this.#writeWord(start + field.intent, 0)
    if (intent === 0) return
    const excused = excusedStart + (intent - 1) * 4
    this.#writeWord(excused, this.#readWord(excused) + 1)
  }

  close(): void {
    closeSync(this.#file)
  }

  #readWord(offset: number): number {
    const word = Buffer.alloc(4)
    readSync(this.#file, word, 0, 4, offset)
    return word.readUInt32LE()
  }

  #writeWord(offset: number, value: number): void {
    const word = Buffer.alloc(4)
    word.writeUInt32LE(value)
    writeSync(this.#file, word, 0, 4, offset)
  }
}

function readSlot(slots: Buffer, number: number): Slot {
  const slot = slots.subarray(number * slotBytes, (number + 1) * slotBytes)
  const kind = slot.toString("latin1", 72, 88)
  return {
    number,
    servedStartedNs: slot.readBigUInt64LE(field.servedStarted),
    finishedNs: slot.readBigUInt64LE(field.finished),
    steps: Number(slot.readBigUInt64LE(field.steps)),
    served: Number(slot.readBigUInt64LE(24)),
    longestGapNs: slot.readBigUInt64LE(32),
    bytesChecked: Number(slot.readBigUInt64LE(40)),
    wrong: slot.readUInt32LE(48),
    failed: slot.readUInt32LE(52),
    refused: slot.readUInt32LE(56),
    intent: slot.readUInt32LE(field.intent),
    pid: slot.readUInt32LE(field.pid),
    needsManager: slot.readUInt32LE(68) !== 0,
    kind: kind.slice(0, kind.indexOf("\0")),
  }
}

/** A slot as a client in TypeScript keeps it: one thread, that writes after each of its steps. */
export class OwnSlot {
  readonly #slot = Buffer.alloc(slotBytes)
  readonly #file: number
  readonly #start: number

  constructor(path: string, number: number, kind: string) {
    this.#file = openSync(path, "r+")
    this.#start = slotsStart + number * slotBytes
    readSync(this.#file, this.#slot, 0, slotBytes, this.#start)
    this.#slot.write(`${kind}\0`, 72, "latin1")
    this.#slot.writeUInt32LE(1, 68)
  }

  set isRunning(runs: boolean) {
    this.#slot.writeUInt32LE(runs ? process.pid : 0, field.pid)
    this.#write()
  }

  /** A step that began then, needed the manager, and has ended. */
  endStep(startedNs: bigint, bytesChecked: number): void {
    const now = process.hrtime.bigint()
    const gap = now - startedNs
    this.#slot.writeBigUInt64LE(startedNs, field.servedStarted)
    this.#slot.writeBigUInt64LE(now, field.finished)
    this.#add(field.steps, 1)
    this.#add(24, 1)
    if (gap > this.#slot.readBigUInt64LE(32)) this.#slot.writeBigUInt64LE(gap, 32)
    this.#add(40, bytesChecked)
    this.#write()
  }

  count(what: "wrong" | "failed"): void {
    const offset = what === "wrong" ? 48 : 52
    this.#slot.writeUInt32LE(this.#slot.readUInt32LE(offset) + 1, offset)
    this.#write()
  }

  #add(offset: number, count: number): void {
    this.#slot.writeBigUInt64LE(this.#slot.readBigUInt64LE(offset) + BigInt(count), offset)
  }

  #write(): void {
    writeSync(this.#file, this.#slot, 0, slotBytes, this.#start)
  }
}
