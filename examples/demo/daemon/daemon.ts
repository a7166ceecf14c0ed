import type { DebugSocket } from "./debug_socket.js"

/** The manager that serves the demo's workers, wherever it comes from. */
export interface Daemon {
  readonly socket: string
  /** Undefined when it is not ours to look into: figures then come from the clients' side. */
  readonly debug: DebugSocket | undefined
  /** Undefined when it is not ours to stop. */
  readonly pid: number | undefined
  /** Offers a file as an image, and returns the name that the manager gave it. */
  register(name: string, path: string): Promise<string>
  /** Ends what the demo started of it. The images it registered are gone then. */
  stop(): Promise<void>
}
