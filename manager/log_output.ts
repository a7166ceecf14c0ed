import { isNativeLoaded, loadNative } from "./engine/load.js"

/** What `native/binding/output.cpp` exports; these throw an Error whose `code` is the errno's. */
export interface OutputModule {
  /** A descriptor for the same thing, which writing to never blocks. */
  openOutput(descriptor: number): number
  /** Writes what there is room for, and says how much that was: 0 while nobody reads. */
  writeAtOnce(descriptor: number, bytes: Uint8Array): number
  hasRoomWithin(descriptor: number, timeoutMs: number): boolean
}

/** Lines that wait for a reader: some thousands. Those that come on top are dropped and counted. */
const backlogBytesMax = 1 << 20
/** How long until a reader that has stopped is tried again. */
const retryMs = 50
/** How long a process that ends may wait for the reader of its last words. */
export const lastWordsBudgetMs = 250

/**
 * Text lines to a descriptor whose reader may be slow, stuck or gone. A line is written at once
 * while there is room, so that none is lost in a crash; it waits here while there is not, so that
 * the control plane never does. JS thread only.
 */
export class LogOutput {
  private readonly waiting: Buffer[] = []
  private waitingBytes = 0
  /** Of the first line that waits a part is written: nothing may come between. */
  private isHeadBegun = false
  private retry: NodeJS.Timeout | undefined
  private dropped = 0
  private droppedUntold = 0
  /** The last write failed: telling what was dropped would fail too. */
  private isFailing = false

  constructor(
    private readonly native: OutputModule,
    private readonly descriptor: number,
  ) {}

  get linesDropped(): number {
    return this.dropped
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.waitingBytes + bytes.length > backlogBytesMax) {
      this.drop()
      return
    }
    this.waiting.push(bytes)
    this.waitingBytes += bytes.length
    if (this.waiting.length === 1) this.writeSome()
  }

  /** Pino calls it after a fatal line. */
  flushSync(): void {
    this.flushWithin(lastWordsBudgetMs)
  }

  /** Writes what waits, for so long at most. Blocks the thread: for a process that ends. */
  flushWithin(budgetMs: number): void {
    const deadlineMs = performance.now() + budgetMs
    while (!this.writeSome()) {
      const leftMs = Math.ceil(deadlineMs - performance.now())
      if (leftMs <= 0 || !this.native.hasRoomWithin(this.descriptor, leftMs)) return
    }
  }

  /** Goes ahead of whatever waits, and waits so long at most. */
  writeWithin(text: string, budgetMs: number): void {
    const bytes = Buffer.from(text)
    this.waiting.splice(this.isHeadBegun ? 1 : 0, 0, bytes)
    this.waitingBytes += bytes.length
    this.flushWithin(budgetMs)
  }

  /** Returns whether nothing waits any more. */
  private writeSome(): boolean {
    for (;;) {
      const head = this.waiting[0] ?? this.dropNotice()
      if (head === undefined) return true
      if (this.waiting.length === 0) this.push(head)
      const written = this.tryToWrite(head)
      this.waitingBytes -= written
      if (written < head.length) {
        this.waiting[0] = head.subarray(written)
        this.isHeadBegun ||= written > 0
        this.retryLater()
        return false
      }
      this.waiting.shift()
      this.isHeadBegun = false
    }
  }

  private push(line: Buffer): void {
    this.waiting.push(line)
    this.waitingBytes += line.length
  }

  /** What cannot be written for good (nobody will ever read, the disk is full) counts as done. */
  private tryToWrite(bytes: Buffer): number {
    try {
      const written = this.native.writeAtOnce(this.descriptor, bytes)
      this.isFailing = false
      return written
    } catch {
      this.isFailing = true
      this.drop()
      return bytes.length
    }
  }

  private drop(): void {
    this.dropped += 1
    this.droppedUntold += 1
  }

  private dropNotice(): Buffer | undefined {
    if (this.droppedUntold === 0 || this.isFailing) return undefined
    const facts = { level: 40, time: new Date().toISOString(), lines_dropped: this.droppedUntold }
    const msg = "log lines were dropped: they could not be written, or nobody read them in time"
    this.droppedUntold = 0
    return Buffer.from(`${JSON.stringify({ ...facts, msg })}\n`)
  }

  private retryLater(): void {
    this.retry ??= setTimeout(() => {
      this.retry = undefined
      this.writeSome()
    }, retryMs).unref()
  }
}

let stderr: LogOutput | undefined

/** This process's standard error, once for all who write there. */
export function standardError(): LogOutput {
  if (stderr === undefined) {
    const native = loadNative()
    stderr = new LogOutput(native, native.openOutput(2))
  }
  return stderr
}

/** One line on standard output, for its reader to be there within a moment, or never. */
export function announceOnStandardOutput(line: string): void {
  const native = loadNative()
  const descriptor = native.openOutput(1)
  new LogOutput(native, descriptor).writeWithin(`${line}\n`, lastWordsBudgetMs)
  native.closeDescriptor(descriptor)
}

/** Why a process ends, for whoever reads; nobody who does not read can keep it from ending. */
export function writeLastWords(text: string): void {
  // Whatever runs without the native parts serves nobody, so it may wait.
  if (isNativeLoaded()) standardError().writeWithin(text, lastWordsBudgetMs)
  else process.stderr.write(text)
}
