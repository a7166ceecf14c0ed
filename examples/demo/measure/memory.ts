import { readFileSync } from "node:fs"

/** What a process costs, by the kernel's own books. */
export interface MemoryUse {
  readonly rss_bytes: number
  /** Like RSS, but a page that n processes map counts 1/n in each: sums over processes are true. */
  readonly pss_bytes: number
}

/** Undefined when the process is gone or is not ours to look into. */
export function memoryUse(pid: number): MemoryUse | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")
  } catch {
    return undefined
  }
  const bytes = (field: string): number =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0)
  return { rss_bytes: bytes("Rss"), pss_bytes: bytes("Pss") }
}

/** What of a range of a process's memory is there. */
export interface RangeUse {
  readonly residentBytes: number
  /** Of these, what no other process can share: its own copies. */
  readonly ownBytes: number
}

/** The address is hexadecimal. */
export function rangeUse(pid: number, address: string, lengthBytes: number): RangeUse {
  const start = BigInt(`0x${address}`)
  const end = start + BigInt(lengthBytes)
  const mappings = readFileSync(`/proc/${pid}/smaps`, "utf8")
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((text) => {
      const [, first = "0", last = "0"] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(text) ?? []
      return BigInt(`0x${first}`) >= start && BigInt(`0x${last}`) <= end
    })
  const bytes = (field: string): number => {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m")
    return mappings.reduce((total, text) => total + 1024 * Number(line.exec(text)?.[1] ?? 0), 0)
  }
  return { residentBytes: bytes("Rss"), ownBytes: bytes("Anonymous") }
}

/**
 * What a further process may take without pushing others out: the machine's figure, and the
 * container's.
 */
export function availableBytes(): number {
  const text = readFileSync("/proc/meminfo", "utf8")
  const available = 1024 * Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
  const constrained = process.constrainedMemory() ?? 0
  return constrained > 0 ? Math.min(available, constrained) : available
}
