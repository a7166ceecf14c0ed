import { readFileSync, writeFileSync } from "node:fs"

const pool = "/proc/sys/vm/nr_hugepages"

const poolSize = (): number => Number(readFileSync(pool, "utf8"))

/**
 * Runs `use` with at least so many more huge pages of 2 MiB; the pool is as before afterwards. When
 * they cannot be had it answers why, and `use` is not run.
 */
export async function withHugePages(
  count: number,
  use: () => Promise<void>,
): Promise<string | undefined> {
  const before = poolSize()
  try {
    writeFileSync(pool, String(before + count))
  } catch (error) {
    return `no huge pages can be reserved: ${(error as Error).message}`
  }
  try {
    const got = poolSize() - before
    if (got < count) return `${got} huge pages could be had, wanted are ${count}`
    await use()
    return undefined
  } finally {
    writeFileSync(pool, String(before))
  }
}
