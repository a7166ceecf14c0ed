import type { Pager } from "../../../client/index.js"
import type { MeasuredExports } from "./module.js"
import { isPaged, type Subject, type Way } from "./ways.js"

/** Each tenant writes this many pages. */
const dirtyPages = 16
const pageBytes = 4096

function serveTenant({ sum, write }: MeasuredExports, subject: Subject): void {
  const end = dirtyPages * pageBytes
  const found = sum(0, 8, 8)
  if (found !== new BigInt64Array(subject.snapshot.buffer)[0]) {
    throw new Error("a tenant sees what another has written")
  }
  write(0, end, pageBytes, 1n)
}

/** Tenants served one after another, each by an instance that is like new, per second. */
export async function tenantsPerSecond(
  pager: Pager,
  subject: Subject,
  way: Way,
  lastsMs: number,
): Promise<number> {
  if (!isPaged(way)) {
    return await rateOf(lastsMs, async () => {
      serveTenant((await subject.make(way)).exports, subject)
    })
  }
  const pool = await pager.pool<MeasuredExports>(subject.image, { slots: 1, mode: way })
  try {
    return await rateOf(lastsMs, async () => {
      const lease = await pool.take()
      serveTenant(lease.exports, subject)
      await lease.release()
    })
  } finally {
    await pool.close()
  }
}

async function rateOf(lastsMs: number, once: () => Promise<void>): Promise<number> {
  await once()
  const begun = performance.now()
  let count = 0
  do {
    await once()
    count += 1
  } while (performance.now() - begun < lastsMs)
  return (count * 1000) / (performance.now() - begun)
}
