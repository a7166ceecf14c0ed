import koffi from "koffi"

const syscall = koffi.load("libc.so.6").func("long syscall(long number, ...)")
const pidfdOpen = 434
const pidfdGetfd = 438

/**
 * A descriptor of another process, as one that it would have passed to us. For who may trace it.
 */
export function descriptorOf(pid: number, descriptor: number): number {
  const process = Number(syscall(pidfdOpen, "int", pid, "uint", 0) as number | bigint)
  if (process < 0) throw new Error(`pidfd_open(${pid}) failed`)
  const got = Number(
    syscall(pidfdGetfd, "int", process, "int", descriptor, "uint", 0) as number | bigint,
  )
  if (got < 0) throw new Error(`pidfd_getfd of descriptor ${descriptor} failed`)
  return got
}
