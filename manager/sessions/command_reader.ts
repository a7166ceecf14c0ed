import { readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"

/** Reads under way at once, of the four threads that Node has for files. */
const readsMax = 2
const commandLengthMax = 4_096
/** A read costs as much as all the rest of a session's begin, so it does not come in its way. */
const delayMs = 50

/** One process whose command line somebody wants to know. */
interface Wish {
  readonly pid: number
  readonly onCommand: (command: string) => void
}

/**
 * Reads clients' command lines. The kernel fetches one out of the client's own memory, under the
 * lock of its mappings, and a client that keeps that lock, with the help of a file system of its
 * own for one, can make the reader wait as long as it likes. So it is never read on the JS thread,
 * and few wait at a time; until its turn a process is shown by the short name that the kernel
 * keeps.
 */
export class CommandReader {
  private readonly waiting = new Set<Wish>()
  private reads = 0
  private delay: NodeJS.Timeout | undefined

  /**
   * Calls back at once with the short name, and again if the whole command line can be had.
   * Returns how to say that it is not wanted any more.
   */
  read(pid: number, onCommand: (command: string) => void): () => void {
    onCommand(shortName(pid))
    const wish = { pid, onCommand }
    this.waiting.add(wish)
    this.delay ??= setTimeout(() => this.endDelay(), delayMs).unref()
    return () => this.waiting.delete(wish)
  }

  private endDelay(): void {
    this.delay = undefined
    this.startReads()
  }

  private startReads(): void {
    for (const wish of this.waiting) {
      if (this.reads >= readsMax) return
      this.waiting.delete(wish)
      void this.readWhole(wish)
    }
  }

  private async readWhole({ pid, onCommand }: Wish): Promise<void> {
    this.reads += 1
    const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
    this.reads -= 1
    const command = text.slice(0, commandLengthMax).replace(/\0+$/, "").replaceAll("\0", " ")
    if (command !== "") onCommand(command)
    this.startReads()
  }
}

function shortName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd()
  } catch {
    return ""
  }
}
