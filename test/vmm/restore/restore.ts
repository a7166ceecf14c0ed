import { readFileSync } from "node:fs"
import { startVmm, type VmmOptions } from "../vmm_program.js"

/** How one VM came to life: times from the start of its process. */
export interface Restore {
  /** Until the guest had read one word. */
  readonly firstMs: number
  /** Until it had touched a quarter of its memory: every third page, so none next to another. */
  readonly quarterMs: number
  /** Of the quarter alone, how long the guest ran. */
  readonly touchesPerSecond: number
  readonly wrong: number
}

/** Restores a VM, lets its guest touch a quarter of its memory, and ends it. */
export async function restore(options: VmmOptions): Promise<Restore> {
  const startedMs = performance.now()
  const vmm = await startVmm(options)
  try {
    const first = await vmm.order("walk", 0, 1, 1, 1)
    const firstMs = performance.now() - startedMs
    const touched = Math.floor(vmm.ready.pages / 4)
    const quarter = await vmm.order("walk", 0, touched, 3, 2)
    return {
      firstMs,
      quarterMs: performance.now() - startedMs,
      touchesPerSecond: touched / (quarter.took_ns / 1e9),
      wrong: first.wrong + first.failed + quarter.wrong + quarter.failed,
    }
  } finally {
    await vmm.kill()
  }
}

/** Several at once, as a host that starts many VMs does. */
export const restoreMany = (count: number, options: VmmOptions): Promise<Restore[]> =>
  Promise.all(Array.from({ length: count }, () => restore(options)))

const ticksPerSecond = 100

/** CPU seconds that a process has used, all of its threads and none of its children. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The command in parentheses may hold anything: fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
