import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/**
 * What the kernel shows of a process, for tests that count what it holds. Throws when the process
 * is gone.
 */
export const descriptorCount = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
export const threadCount = (pid: number): number => readdirSync(`/proc/${pid}/task`).length

/** What each open descriptor is: a path, or a name such as "anon_inode:[userfaultfd]". */
export function descriptorTargets(pid: number): { descriptor: number; target: string }[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${name}`)
      return [{ descriptor: Number(name), target }]
    } catch {
      return [] // Closed while we looked.
    }
  })
}

/** A figure of /proc/PID/status in bytes, such as "VmRSS", "RssAnon" or "RssShmem". */
export function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no figure named ${field}`)
  return Number(kib) * 1024
}

/** The process's user ids: real, effective, saved, file system. */
export function userIds(pid: number): number[] {
  const line = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? ""
  return line.split(/\s+/).map(Number)
}

export interface FaultWaiters {
  /** Faults that no manager has read yet. */
  readonly pending: number
  /** Threads that wait, those of read faults included. */
  readonly total: number
}

/**
 * Faults that wait on the process's userfaultfds, by the kernel's own count; zeros when it has
 * none.
 */
export function faultWaiters(pid: number): FaultWaiters {
  const counts = descriptorTargets(pid)
    .filter(({ target }) => target === "anon_inode:[userfaultfd]")
    .map(({ descriptor }) => readOptional(`/proc/${pid}/fdinfo/${descriptor}`))
  const sum = (field: string): number =>
    counts
      .map((text) => Number(new RegExp(`^${field}:\\s+(\\d+)$`, "m").exec(text)?.[1] ?? 0))
      .reduce((a, b) => a + b, 0)
  return { pending: sum("pending"), total: sum("total") }
}

/** Whether every thread of the process is stopped. */
export const isStopped = (pid: number): boolean => threadStates(pid).every((state) => state === "T")

/** How many threads of the process the kernel lets wait for what no signal handler ends. */
export const stuckThreadCount = (pid: number): number =>
  threadStates(pid).filter((state) => state === "D").length

const threadStates = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => stateOf(`/proc/${pid}/task/${thread}/stat`))

/** The letter behind the command's name; "" when there is no such task. */
function stateOf(path: string): string {
  const stat = readOptional(path)
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3)
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** Whether the process still exists and is no zombie. */
export function isRunning(pid: number): boolean {
  const state = stateOf(`/proc/${pid}/stat`)
  return state !== "" && state !== "Z" && state !== "X"
}
