import { ClientError } from "../errors.js"
import type { SocketModule } from "../sockets/native.js"

/** Each takes a thread of Node's four for as long as the client keeps its mappings locked. */
const registrationsMax = 3

const missing = 1
const minor = 4

export interface RegisteredRange {
  readonly address: bigint
  readonly lengthBytes: bigint
  readonly mode: "copy" | "share"
}

/**
 * UFFDIO_REGISTER for clients that hand over a userfaultfd as it was made: whoever has it acts on
 * the client's own address space. One at a time for each user. JS thread.
 */
export class Registrations {
  private readonly users = new Set<number>()

  constructor(private readonly native: Pick<SocketModule, "registerRange">) {}

  /** Rejects with a ClientError when the kernel refuses the range. */
  async register(userfaultfd: number, uid: number, range: RegisteredRange): Promise<void> {
    if (this.users.has(uid) || this.users.size >= registrationsMax) {
      throw new ClientError("busy", "Other memory is just being registered: try again")
    }
    const { address, lengthBytes, mode } = range
    const modes = mode === "share" ? missing | minor : missing
    this.users.add(uid)
    try {
      const errno = await this.native.registerRange(userfaultfd, address, lengthBytes, modes)
      if (errno !== "") throw refusal(range, errno)
    } finally {
      this.users.delete(uid)
    }
  }
}

function refusal({ address, lengthBytes }: RegisteredRange, errno: string): ClientError {
  const what = `[0x${address.toString(16)}, 0x${(address + lengthBytes).toString(16)})`
  const found = `UFFDIO_REGISTER of ${what} failed with ${errno}`
  const wanted = "wanted memory of the client that no other userfaultfd has"
  return new ClientError("region_overlap", `${found}, ${wanted}`)
}
