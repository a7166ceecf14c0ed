import type { Identity } from "../access_rule.js"

/** Who a client is, as the kernel says. */
export interface Peer extends Identity {
  /** 0: in a pid namespace that we cannot see into. */
  readonly pid: number
}
