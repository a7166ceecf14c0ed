import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { readFile } from "node:fs/promises"

/** When the process began, in the kernel's ticks; undefined when there is none that we can see. */
export function startOf(pid: number): string | undefined {
  if (pid === 0) return undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // The name in parentheses may hold anything. What follows it begins with field 3.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[22 - 3]
  } catch {
    return undefined
  }
}

/** The numbers of the userfaultfds it has open. Throws when it may not be looked at. */
export function userfaultfdsOf(pid: number): number[] {
  const folder = `/proc/${pid}/fd`
  const isUserfaultfd = (number: string): boolean => {
    try {
      return readlinkSync(`${folder}/${number}`) === "anon_inode:[userfaultfd]"
    } catch {
      return false
    }
  }
  return readdirSync(folder).filter(isUserfaultfd).map(Number)
}

/** What a mapping is registered for, as smaps shows it and as UFFDIO_REGISTER says it. */
const modesByFlag = { um: 1, uw: 2, ui: 4 } as const

/**
 * What the mapping at the address is registered for, in the bits of UFFDIO_REGISTER; 0 when it is
 * not. Takes as long as the process keeps the lock of its mappings.
 */
export async function registeredModes(pid: number, address: bigint): Promise<number> {
  const smaps = await readFile(`/proc/${pid}/smaps`, "latin1")
  for (const mapping of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(mapping) ?? []
    if (start === undefined || end === undefined) continue
    if (address < BigInt(`0x${start}`) || address >= BigInt(`0x${end}`)) continue
    const flags = /^VmFlags: (.*)$/m.exec(mapping)?.[1]?.trim().split(" ") ?? []
    return flags.reduce((modes, flag) => modes | (modesByFlag[flag as "um"] ?? 0), 0)
  }
  return 0
}
