import { join } from "node:path"
import { formatBytes } from "../quantities.js"
import { type Check, readFact } from "./check.js"
import { isOlder } from "./userfaultfd_checks.js"

/** Descriptors below which a manager of a few hundred clients runs out: each costs about four. */
const descriptorsWanted = 4_096

export function kernelCheck(release: string): Check {
  const name = "kernel"
  if (isOlder(release, 5, 11)) {
    const found = `Linux ${release} is too old: pagerd needs 5.11`
    return { name, status: "fail", found, remedy: "a kernel from Linux 6.6 on has everything" }
  }
  if (isOlder(release, 6, 6)) {
    const found = `Linux ${release}: some things are missing, see below`
    return { name, status: "warn", found, remedy: "a kernel from Linux 6.6 on has everything" }
  }
  return { name, status: "ok", found: `Linux ${release}` }
}

/** The hard limit counts: Node raises the soft one up to it. */
export function descriptorCheck(limits: string | undefined): Check {
  const name = "descriptors"
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits ?? "") ?? []
  if (hard === undefined) return { name, status: "warn", found: "/proc/self/limits says no limit" }
  const found = `a process may have ${hard} open`
  if (hard === "unlimited" || Number(hard) >= descriptorsWanted) {
    return { name, status: "ok", found }
  }
  const remedy = "LimitNOFILE=65536 in the manager's unit, or as root `ulimit -Hn 65536`"
  return { name, status: "warn", found: `${found}: enough for few clients only`, remedy }
}

export function overcommitCheck(mode: string | undefined): Check {
  const name = "overcommit"
  const found = `vm.overcommit_memory is ${mode ?? "unknown"}`
  if (mode !== "2") return { name, status: "ok", found }
  return {
    name,
    status: "warn",
    found: `${found}: a large image may not be mapped, though little of it is ever touched`,
    remedy: "sudo sysctl -w vm.overcommit_memory=0",
  }
}

export async function hugePagesCheck(): Promise<Check> {
  const chosen = async (file: string) => {
    const text = await readFact(`/sys/kernel/mm/transparent_hugepage/${file}`)
    return /\[(\w+)\]/.exec(text ?? "")?.[1] ?? "unknown"
  }
  const meminfo = (await readFact("/proc/meminfo")) ?? ""
  const pool = /^HugePages_Total:\s+(\d+)/m.exec(meminfo)?.[1] ?? "0"
  const [anonymous, shared] = await Promise.all([chosen("enabled"), chosen("shmem_enabled")])
  const transparent = `transparent: ${anonymous}, of shared memory: ${shared}`
  return { name: "huge pages", status: "ok", found: `${transparent}; hugetlb pool: ${pool} pages` }
}

/** The tightest limit between this process's control group and the root. */
export async function cgroupMemoryCheck(): Promise<Check> {
  const name = "memory limit"
  const path = /^0::(.*)$/m.exec((await readFact("/proc/self/cgroup")) ?? "")?.[1]
  if (path === undefined) return { name, status: "ok", found: "no control group of version 2" }
  const parts = path.split("/").filter((part) => part !== "")
  const groups = parts.map((_, index) => parts.slice(0, index + 1).join("/"))
  const limits = await Promise.all(
    groups.map(async (group) => {
      const text = await readFact(join("/sys/fs/cgroup", group, "memory.max"))
      return { group, bytes: /^\d+$/.test(text ?? "") ? Number(text) : Number.POSITIVE_INFINITY }
    }),
  )
  return memoryLimitCheck(limits)
}

export function memoryLimitCheck(limits: readonly { group: string; bytes: number }[]): Check {
  const name = "memory limit"
  const tightest = limits.reduce((least, limit) => (limit.bytes < least.bytes ? limit : least), {
    group: "",
    bytes: Number.POSITIVE_INFINITY,
  })
  if (tightest.bytes === Number.POSITIVE_INFINITY) {
    return { name, status: "ok", found: "this control group has none" }
  }
  const found = `${formatBytes(tightest.bytes)}, by the control group ${tightest.group}`
  if (tightest.bytes >= 2 ** 30) return { name, status: "ok", found }
  return {
    name,
    status: "warn",
    found: `${found}: images in memory count towards it`,
    remedy: "MemoryMax= in the unit, or the container's --memory",
  }
}
