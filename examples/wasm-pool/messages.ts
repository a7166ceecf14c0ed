import type { Mode } from "pagerd"

/** How the server comes by an instance for a request. */
export type Way = "new" | "copy" | "pool"

/** All that the server's process has to know. */
export interface ServerJob {
  readonly way: Way
  /** The manager's socket. */
  readonly socket: string
  /** Where the wasm image lies. */
  readonly directory: string
  /** The shop's database, in every instance. */
  readonly database: number
  readonly slots: number
  readonly mode: Mode
}

export type ToServer =
  | { readonly type: "serve"; readonly job: ServerJob }
  | { readonly type: "end" }

export type FromServer =
  | { readonly type: "serving"; readonly serving: Serving }
  | { readonly type: "ended"; readonly served: Served }
  | { readonly type: "failed"; readonly message: string }

export interface Serving {
  readonly port: number
  /** The mode that the manager took, and its reason. Undefined without pagerd. */
  readonly mode: string | undefined
  readonly why: string | undefined
}

/** What the server says of itself at its end. */
export interface Served {
  /** By the pool's words for how an instance was made free for the next tenant. */
  readonly resets: Readonly<Record<string, number>>
  /** Processor time from the first request on: of all its threads, in user code and kernel. */
  readonly cpuMs: number
}
