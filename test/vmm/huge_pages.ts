import { readFileSync, writeFileSync } from "node:fs"
import { skipLoudly } from "../harness/skip.js"

const pool = "/proc/sys/vm/nr_hugepages"

const poolSize = (): number => Number(readFileSync(pool, "utf8"))

/** Runs `use` with at least so many free huge pages of 2 MiB; the pool is as before afterwards. */
export async function withHugePages(count: number, use: () => Promise<void>): Promise<void> {
  const before = poolSize()
  try {
    writeFileSync(pool, String(before + count))
  } catch (error) {
    return skipLoudly("root", `no huge pages can be reserved: ${(error as Error).message}`)
  }
  try {
    const got = poolSize() - before
    if (got < count) return skipLoudly("machine", `${got} huge pages could be had, not ${count}`)
    await use()
  } finally {
    writeFileSync(pool, String(before))
  }
}
