import { nobody } from "../harness/user.js"

/** Who a process is taken for. */
export interface User {
  readonly uid: number
  readonly gid?: number
  readonly groups?: readonly number[]
}

/**
 * What the call connects to sees that user: the kernel notes who connects at that moment. For root
 * only, which is root again afterwards.
 */
export function asUser<T>({ uid, gid = nobody, groups = [] }: User, call: () => T): T {
  const own = process.getgroups?.() ?? []
  process.setgroups?.([...groups])
  process.setegid?.(gid)
  process.seteuid?.(uid)
  try {
    return call()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
    process.setgroups?.(own)
  }
}
