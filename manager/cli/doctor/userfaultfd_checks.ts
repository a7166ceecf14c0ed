import { getSystemErrorName } from "node:util"
import type { KernelProbe } from "../../engine/kernel_probe.js"
import type { Check } from "./check.js"

/** What the checks of userfaultfd reckon with. */
export interface UserfaultfdFacts {
  readonly probe: KernelProbe
  /** "6.18.0". */
  readonly kernelRelease: string
  /** vm.unprivileged_userfaultfd, or undefined where the kernel has no such setting. */
  readonly unprivileged: string | undefined
  /** Who runs this, by name. */
  readonly user: string
}

export function userfaultfdChecks(facts: UserfaultfdFacts): Check[] {
  const way = wayCheck(facts)
  const tried = [deviceCheck(facts), systemCallCheck(facts)]
  if (facts.probe.way === "none") return [way, ...tried]
  return [way, ...tried, operationsCheck(facts.probe), featuresCheck(facts.probe)]
}

function wayCheck({ probe }: UserfaultfdFacts): Check {
  const name = "userfaultfd"
  switch (probe.way) {
    case "device":
      return { name, status: "ok", found: "works, through /dev/userfaultfd" }
    case "system_call":
      return { name, status: "ok", found: "works, through the system call" }
    case "user_mode_only":
      return {
        name,
        status: "warn",
        found: "in user mode only: a system call that touches a missing page fails with EFAULT",
        remedy: "sudo pagerd serve   # a manager run by root hands the device to its clients",
      }
    case "none":
      return {
        name,
        status: "fail",
        found: "cannot be made in any way; the next two lines say why",
      }
  }
}

function deviceCheck({ probe, user, kernelRelease }: UserfaultfdFacts): Check {
  const name = "device"
  const status = isFull(probe) ? "ok" : "warn"
  switch (errnoName(probe.deviceErrno)) {
    case "":
      return { name, status: "ok", found: "this user may open /dev/userfaultfd" }
    case "EACCES":
    case "EPERM": {
      const found = "this user may not open /dev/userfaultfd"
      const remedy = `sudo chown ${user} /dev/userfaultfd   # until the next boot`
      return { name, status, found, remedy }
    }
    case "ENOENT": {
      const found = "there is no /dev/userfaultfd"
      return { name, status, found, remedy: missingDeviceRemedy(kernelRelease) }
    }
    default:
      return { name, status, found: `/dev/userfaultfd answers ${errnoName(probe.deviceErrno)}` }
  }
}

function missingDeviceRemedy(kernelRelease: string): string {
  if (isOlder(kernelRelease, 6, 1)) return "a kernel from Linux 6.1 on has it"
  const minor = `"$(awk '$2 == "userfaultfd" {print $1}' /proc/misc)"`
  return `sudo mknod -m 600 /dev/userfaultfd c 10 ${minor}   # container: --device /dev/userfaultfd`
}

function systemCallCheck({ probe, unprivileged }: UserfaultfdFacts): Check {
  const name = "system call"
  const setting = `vm.unprivileged_userfaultfd is ${unprivileged ?? "unknown to this kernel"}`
  const status = isFull(probe) ? "ok" : "warn"
  switch (errnoName(probe.systemCallErrno)) {
    case "":
      return { name, status: "ok", found: `userfaultfd(2) works (${setting})` }
    case "EPERM": {
      const isForbiddenToAll = unprivileged !== "0"
      const found = `userfaultfd(2) answers EPERM: ${setting}`
      const remedy = isForbiddenToAll
        ? "a seccomp filter forbids it: let the container's profile allow userfaultfd"
        : "sudo sysctl -w vm.unprivileged_userfaultfd=1"
      return { name, status, found, remedy }
    }
    case "ENOSYS": {
      const found = "userfaultfd(2) is not there"
      return { name, status, found, remedy: "a kernel built with CONFIG_USERFAULTFD=y has it" }
    }
    default: {
      const found = `userfaultfd(2) answers ${errnoName(probe.systemCallErrno)}`
      return { name, status, found }
    }
  }
}

/** Bits of _UFFDIO_*. `isNeeded`: nothing is served without it. */
const operations = [
  { name: "WAKE", bit: 2n, isNeeded: true },
  { name: "COPY", bit: 3n, isNeeded: true },
  { name: "ZEROPAGE", bit: 4n, isNeeded: true },
  { name: "CONTINUE", bit: 7n, isNeeded: false },
  { name: "POISON", bit: 8n, isNeeded: false },
] as const

function operationsCheck({ ioctls }: KernelProbe): Check {
  const missing = operations.filter(({ bit }) => (ioctls & (1n << bit)) === 0n)
  const name = "operations"
  if (missing.length === 0) {
    return { name, status: "ok", found: operations.map((operation) => operation.name).join(" ") }
  }
  return {
    name,
    status: missing.some(({ isNeeded }) => isNeeded) ? "fail" : "warn",
    found: `this kernel lacks ${missing.map((operation) => operation.name).join(" ")}`,
    remedy: "a kernel from Linux 6.6 on has them all",
  }
}

/** Bits of UFFD_FEATURE_*, the Linux that brought them, and what is lost without them. */
const features = [
  { name: "event_fork", bit: 1, since: "4.11", loss: "children of a client see zeros" },
  { name: "event_remap", bit: 2, since: "4.11", loss: "moved memory is not served" },
  { name: "missing_shmem", bit: 5, since: "4.11", loss: "no share mode" },
  { name: "minor_shmem", bit: 10, since: "5.14", loss: "no share mode" },
  { name: "poison", bit: 14, since: "6.6", loss: "a page that cannot be had blocks for ever" },
] as const

function featuresCheck(probe: KernelProbe): Check {
  const missing = features.filter(({ bit }) => Math.floor(probe.features / 2 ** bit) % 2 === 0)
  const name = "features"
  if (missing.length === 0) {
    return { name, status: "ok", found: features.map((feature) => feature.name).join(" ") }
  }
  const newest = missing.at(-1)?.since ?? ""
  return {
    name,
    status: "warn",
    found: missing.map((feature) => `no ${feature.name}: ${feature.loss}`).join("; "),
    remedy: `a kernel from Linux ${newest} on has them`,
  }
}

/** Whether faults inside system calls can be served, by one way or the other. */
const isFull = ({ way }: KernelProbe): boolean => way === "device" || way === "system_call"

const errnoName = (errno: number): string => (errno === 0 ? "" : getSystemErrorName(-errno))

export function isOlder(release: string, major: number, minor: number): boolean {
  const [, foundMajor, foundMinor] = (/^(\d+)\.(\d+)/.exec(release) ?? []).map(Number)
  if (foundMajor === undefined || foundMinor === undefined) return false
  return foundMajor < major || (foundMajor === major && foundMinor < minor)
}
