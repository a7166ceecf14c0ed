import type { SpawnOptions } from "node:child_process"

/** The user that owns nothing. */
export const nobody = 65_534

/** Whether this process may start others as another user. */
export const isRoot = process.getuid?.() === 0

/** Spawn options for a child of that user, without supplementary groups of ours. */
export function asUid(uid: number): Pick<SpawnOptions, "uid" | "gid"> {
  return { uid, gid: uid }
}
