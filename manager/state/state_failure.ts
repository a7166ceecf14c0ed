import { errnoOf, ManagerError, reasonOf } from "../errors.js"

const elsewhere = "or name another directory (--state-dir)"

/** What to do about an errno of a directory that must be written. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: `free space (or inodes) on its file system, ${elsewhere}`,
  EDQUOT: `free space within the user's quota, ${elsewhere}`,
  EROFS: `mount its file system for writing, ${elsewhere}`,
  EACCES: `let this user write there, ${elsewhere}`,
  EPERM: `let this user write there, ${elsewhere}`,
  ENOTDIR: `remove the file that is in the way, ${elsewhere}`,
  EEXIST: `remove the file that is in the way, ${elsewhere}`,
  ENOENT: `let it be where it was, ${elsewhere}`,
  EIO: `look for the disk's errors in dmesg, ${elsewhere}`,
}

/** What is to be done about a failure to keep state, in words. */
export function remedyOf(error: unknown): string {
  return remedies[errnoOf(error) ?? ""] ?? `mend that, ${elsewhere}`
}

/** `what` could not be done in a state directory: with the kernel's reason and what mends it. */
export function stateFailure(what: string, error: unknown): ManagerError {
  const message = `Cannot ${what}: ${reasonOf(error)}; ${remedyOf(error)}`
  return new ManagerError("state_directory_unusable", message, { cause: error })
}
