import type { connect } from "pagerd"
import type { Daemon } from "./daemon.js"
import type { DebugSocket } from "./debug_socket.js"

type Pager = Awaited<ReturnType<typeof connect>>

/**
 * A manager that somebody else runs for everybody; usually root's. The demo is a client like any
 * other.
 */
export class SharedDaemon implements Daemon {
  /** Not ours to stop. */
  readonly pid = undefined

  constructor(
    readonly socket: string,
    readonly debug: DebugSocket | undefined,
    /** The images live as long as this session. */
    private readonly pager: Pager,
  ) {}

  register(name: string, path: string): Promise<string> {
    return this.pager.publish(`demo-${process.pid}/${name}`, path)
  }

  stop(): Promise<void> {
    return this.pager.close()
  }
}
