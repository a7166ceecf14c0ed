import type { StuckPlace } from "../engine/native.js"

/**
 * Where a fault is stuck: still unread in the kernel, or read and waiting for its source, for
 * another try, or for the kernel to come back from installing its page.
 */
export type StuckIn = StuckPlace | "queue"

/** A fault of one address space that has waited for too long, the oldest there. */
export interface StuckFault {
  readonly space: number
  /** Of its page; undefined while only the kernel knows it. */
  readonly address: bigint | undefined
  readonly ageMs: number
  readonly stuckIn: StuckIn
}

/** What whoever reads the log can do about it. */
export const advice: Readonly<Record<StuckIn, string>> = {
  source:
    "its image's source has not brought the page: mend the source, or lower the deadlines in " +
    "[sources]; the image's last_error may say more",
  deferred:
    "the kernel refuses to install the page for now: look for a memory limit that the client has " +
    "reached, and for a thread of it in madvise, mremap, munmap or fork",
  ioctl:
    "the kernel has not come back from installing the page: something holds the client's " +
    "address space locked; look at the stacks of its threads in /proc",
  queue:
    "no fault thread has read it: look for another session whose fault is stuck in ioctl, and " +
    "for a machine without CPU time to spare",
}

/** Which of them can be ended by poison: the others are not in our hands. */
export function isGivenUpByPoison(stuckIn: StuckIn): boolean {
  return stuckIn === "source" || stuckIn === "deferred"
}
