import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { atExit } from "./at_exit.js"

const hierarchies = [
  { parent: "/sys/fs/cgroup", marker: "memory.max", limit: "memory.max" },
  {
    parent: "/sys/fs/cgroup/memory",
    marker: "memory.limit_in_bytes",
    limit: "memory.limit_in_bytes",
  },
]

/** A control group of a test's own whose memory is limited; gone once nobody is in it. */
export class MemoryGroup {
  private constructor(
    private readonly path: string,
    private readonly limit: string,
  ) {}

  /** Undefined where this machine lets nobody make one. */
  static create(name: string): MemoryGroup | undefined {
    for (const { parent, marker, limit } of hierarchies) {
      const path = join(parent, `pagerd-test-${name}-${process.pid}`)
      try {
        accessSync(parent, constants.W_OK)
        mkdirSync(path)
      } catch {
        continue
      }
      atExit(() => removeQuietly(path))
      if (existsSync(join(path, marker))) return new MemoryGroup(path, limit)
      removeQuietly(path)
    }
    return undefined
  }

  /** What it has touched before is counted elsewhere. */
  add(pid: number): void {
    writeFileSync(join(this.path, "cgroup.procs"), String(pid))
  }

  limitTo(bytes: number): void {
    writeFileSync(join(this.path, this.limit), String(bytes))
  }

  /** Whether it can be had that the kernel ends nobody when the group's memory is used up. */
  forbidKills(pid: number): boolean {
    try {
      const switched = join(this.path, "memory.oom_control")
      if (existsSync(switched)) writeFileSync(switched, "1")
      else writeFileSync(`/proc/${pid}/oom_score_adj`, "-1000")
      return true
    } catch {
      return false
    }
  }
}

function removeQuietly(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Somebody is in it still, or it is gone.
  }
}
