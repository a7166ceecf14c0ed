import { readFileSync, writeFileSync } from "node:fs"
import { atExit } from "../harness/at_exit.js"

const pool = "/proc/sys/vm/nr_hugepages"

const poolSize = (): number => Number(readFileSync(pool, "utf8"))

function freePages(): number {
  const counts = readFileSync("/proc/meminfo", "utf8")
  const count = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)$`, "m").exec(counts)?.[1])
  return count("HugePages_Free") - count("HugePages_Rsvd")
}

/**
 * Runs `use` where so many huge pages of 2 MiB are free: those that are, or that many more, and the
 * pool is as before afterwards. When they cannot be had it answers why and what helps, and `use` is
 * not run.
 */
export async function withHugePages(
  count: number,
  use: () => Promise<void>,
): Promise<string | undefined> {
  if (freePages() >= count) {
    await use()
    return undefined
  }
  const wanted = poolSize() + count
  const takeBack = growPool(wanted)
  try {
    if (freePages() < count) return whyNone(wanted, `${freePages()} of ${count} are free`)
    await use()
    return undefined
  } finally {
    takeBack?.()
  }
}

/** Undefined when this user may not. Else what undoes it; this process's exit does that too. */
function growPool(pages: number): (() => void) | undefined {
  const before = String(poolSize())
  try {
    writeFileSync(pool, String(pages))
  } catch {
    return undefined
  }
  const putBack = () => writeFileSync(pool, before)
  const forget = atExit(putBack)
  return () => {
    forget()
    putBack()
  }
}

const whyNone = (wanted: number, found: string): string =>
  `no huge pages of 2 MiB: ${found}; root can reserve them: echo ${wanted} > ${pool}`
