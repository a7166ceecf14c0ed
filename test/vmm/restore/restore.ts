import { readFileSync } from "node:fs"
import { startVmm, type VmmAnswer, type VmmOptions } from "../vmm_program.js"

/** How one VM came to life: times from the start of its process. */
export interface Restore {
  /** Until the guest had read one word. */
  readonly firstMs: number
  /** Until it had touched a quarter of its memory: every third page, so none next to another. */
  readonly quarterMs: number
  /** Of the quarter alone, how long the guest ran. */
  readonly touchesPerSecond: number
  /** Of each touch, where the VM is stepped. */
  readonly latency: VmmAnswer["latency_ns"]
  /** Of the VM's memory then, what it shares with nobody. */
  readonly ownBytes: number
  readonly wrong: number
}

export interface RestoreOptions extends VmmOptions {
  /** Ends the walk over a quarter of the memory earlier. */
  readonly touchesMax?: number
  /** Awaited before the VM is ended, and no part of any time. */
  readonly beforeEnd?: () => Promise<void>
}

/** Restores a VM, lets its guest touch a quarter of its memory, and ends it. */
export async function restore(options: RestoreOptions): Promise<Restore> {
  const startedMs = performance.now()
  const vmm = await startVmm(options)
  try {
    const first = await vmm.order("walk", 0, 1, 1, 1)
    const firstMs = performance.now() - startedMs
    const { touchesMax = Number.POSITIVE_INFINITY } = options
    const touched = Math.min(Math.floor(vmm.ready.pages / 4), touchesMax)
    const quarter = await vmm.order("walk", 0, touched, 3, 2)
    const quarterMs = performance.now() - startedMs
    const ownBytes = ownBytesOf(vmm.process.pid)
    await options.beforeEnd?.()
    return {
      firstMs,
      quarterMs,
      touchesPerSecond: touched / (quarter.took_ns / 1e9),
      latency: quarter.latency_ns,
      ownBytes,
      wrong: first.wrong + first.failed + quarter.wrong + quarter.failed,
    }
  } finally {
    await vmm.kill()
  }
}

/** Several at once, as a host that starts many VMs does. */
export const restoreMany = (count: number, options: RestoreOptions): Promise<Restore[]> =>
  Promise.all(Array.from({ length: count }, () => restore(options)))

/** Memory of a process that no file and nobody else has, small pages and huge ones. */
function ownBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const kibibytes = [...status.matchAll(/^(?:RssAnon|HugetlbPages):\s*(\d+) kB$/gm)]
  return kibibytes.reduce((sum, [, found]) => sum + Number(found) * 1024, 0)
}

const ticksPerSecond = 100

/** CPU seconds that a process has used, all of its threads and none of its children. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The command in parentheses may hold anything: fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
