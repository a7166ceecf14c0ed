import { readFile } from "node:fs/promises"

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
