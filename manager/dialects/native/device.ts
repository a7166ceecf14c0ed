import type { Config } from "../../config.js"
import { errnoOf, reasonOf } from "../../errors.js"
import type { Logger } from "../../log.js"
import type { SocketModule } from "../../sockets/native.js"

/**
 * /dev/userfaultfd, held open for the manager's whole life and handed to the clients that want it
 * and may have it. With it an unprivileged process makes a userfaultfd for its own memory that
 * serves faults within system calls too.
 */
export class Device {
  /** -1: this manager has none to give. */
  readonly descriptor: number

  constructor(
    private readonly native: SocketModule,
    private readonly allowed: Config["passDevice"],
    log: Logger,
  ) {
    this.descriptor = allowed === "nobody" ? -1 : openOrTell(native, log)
  }

  /** What to send along to a client of that user: the device, or nothing. It stays ours. */
  descriptorsFor(uid: number): readonly number[] {
    const isAllowed = Array.isArray(this.allowed) ? this.allowed.includes(uid) : true
    return isAllowed && this.descriptor >= 0 ? [this.descriptor] : []
  }

  close(): void {
    if (this.descriptor >= 0) this.native.closeDescriptor(this.descriptor)
  }
}

function openOrTell(native: SocketModule, log: Logger): number {
  try {
    return native.openDevice()
  } catch (error) {
    const facts = { errno: errnoOf(error), reason: reasonOf(error) }
    log.info(facts, "clients get no /dev/userfaultfd: the manager may not open it")
    return -1
  }
}
