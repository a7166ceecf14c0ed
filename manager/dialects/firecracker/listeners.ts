import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { z } from "zod"
import { imageName } from "../../../protocol/messages.js"
import { ManagerError, reasonOf } from "../../errors.js"
import { LogBudget } from "../../log.js"
import { type ClientListener, listenForClients } from "../../sockets/listen.js"
import type { StateDirectory } from "../../state/state_directory.js"
import type { ListenerView } from "../../view.js"
import { refusalOf } from "../native/refusal.js"
import { populateRateMax, populateRateMin } from "./populate_rate.js"
import { VmConversation, type VmServices } from "./vm_conversation.js"

const fileName = "listeners.json"
/** Lines in the log about VMMs that one listener refused: they cost them a connect() each. */
const linesMax = 20
const linesSpanMs = 10_000

const wantedListener = z.object({
  dialect: z.literal("firecracker"),
  image: imageName,
  path: z.string().min(1),
  once: z.boolean(),
  mode: z.number().int().min(0).max(0o777),
  owner: z.object({ uid: z.number().int().min(0), gid: z.number().int().min(0) }).optional(),
  populateBytesPerSecond: z.number().int().min(populateRateMin).max(populateRateMax).optional(),
})

/** A path where VMMs find one image. */
export type WantedListener = z.output<typeof wantedListener>

const kept = z.object({ listeners: z.array(wantedListener) })

interface Listening {
  readonly wanted: WantedListener
  socket: ClientListener | undefined
  served: number
  refused: number
  failure: string | undefined
  readonly lines: LogBudget
}

/**
 * The paths where VMMs connect. Kept in the state directory: they are there again after a restart.
 * JS thread; owned by the manager.
 */
export class Listeners {
  private readonly byPath = new Map<string, Listening>()

  constructor(private readonly services: VmServices) {}

  private state: StateDirectory | undefined

  /** What an earlier manager listened on. A path that cannot be had stays listed, and says why. */
  restore(state: StateDirectory): void {
    this.state = state
    for (const wanted of this.read(state)) {
      const listening = this.enter(wanted)
      try {
        listening.socket = this.open(listening)
      } catch (error) {
        listening.failure = reasonOf(error)
        const facts = { path: wanted.path, image: wanted.image, reason: listening.failure }
        this.services.log.error(facts, "cannot listen for VMMs as before: mend it, add it again")
      }
    }
  }

  /** Throws a ManagerError when the path cannot be had, and a ClientError for no such image. */
  add(wanted: WantedListener): ListenerView {
    this.services.images.findAny(wanted.image)
    const { path } = wanted
    const before = this.byPath.get(path)
    if (before?.socket !== undefined) {
      const found = `VMMs find image "${before.wanted.image}" at ${path} already`
      throw new ManagerError(
        "already_listening",
        `${found}: remove that first, or name another path`,
      )
    }
    const listening = this.enter(wanted)
    try {
      listening.socket = this.open(listening)
      this.keep()
      return viewOf(listening)
    } catch (error) {
      listening.socket?.close()
      this.byPath.delete(path)
      throw error
    }
  }

  /** VMs that were served by it go on. */
  remove(path: string): void {
    const listening = this.byPath.get(path)
    if (listening === undefined) {
      throw new ManagerError("unknown_listener", `Nothing listens for VMMs at ${path}`)
    }
    listening.socket?.close()
    this.byPath.delete(path)
    this.keep()
  }

  list(): ListenerView[] {
    return [...this.byPath.values()].map(viewOf)
  }

  /** Accepts nobody any more; what is kept stays kept. */
  close(): void {
    for (const listening of this.byPath.values()) {
      listening.socket?.close()
      listening.socket = undefined
    }
  }

  private enter(wanted: WantedListener): Listening {
    const lines = new LogBudget(linesMax, linesSpanMs)
    const listening = {
      wanted,
      lines,
      socket: undefined,
      served: 0,
      refused: 0,
      failure: undefined,
    }
    this.byPath.set(wanted.path, listening)
    return listening
  }

  private open(listening: Listening): ClientListener {
    const { path, mode, owner } = listening.wanted
    const { native, log } = this.services
    const directory = dirname(path)
    // It is a VM's, and may have gone with that: then nobody wants it back.
    if (!existsSync(directory)) {
      throw new ManagerError("listen_failed", `There is no directory ${directory}: make it first`)
    }
    const socket = listenForClients({
      ...{ path, mode, native, log },
      type: "stream",
      onConnection: (accepted) => this.accept(accepted, listening),
    })
    try {
      if (owner !== undefined) native.giveSocket(path, owner.uid, owner.gid)
      return socket
    } catch (error) {
      socket.close()
      throw new ManagerError("listen_failed", reasonOf(error))
    }
  }

  /** Owns the socket from here on. */
  private accept(accepted: number, listening: Listening): void {
    const { image, path, once, populateBytesPerSecond } = listening.wanted
    const { native, log } = this.services
    let connection: InstanceType<typeof native.SocketConnection>
    try {
      connection = new native.SocketConnection(accepted)
    } catch (error) {
      log.debug({ path, reason: reasonOf(error) }, "a VMM had gone before it was served")
      return
    }
    const noteServed = () => {
      listening.served += 1
      if (once) this.remove(path)
    }
    const noteRefused = (facts: object, message: string) => {
      listening.refused += 1
      listening.lines.spend((lines_withheld) => {
        log.error({ path, image, ...facts, lines_withheld }, message)
      })
    }
    try {
      const listener = { image, populateBytesPerSecond, noteServed, noteRefused }
      VmConversation.begin(connection, listener, this.services)
    } catch (thrown) {
      const { code, message } = refusalOf(thrown)
      const { uid, pid } = connection
      noteRefused({ uid, pid, code }, message)
      connection.close()
    }
  }

  private read(state: StateDirectory): readonly WantedListener[] {
    try {
      const bytes = state.read(fileName)
      return bytes === undefined ? [] : kept.parse(JSON.parse(String(bytes))).listeners
    } catch (error) {
      const facts = { file: fileName, reason: reasonOf(error) }
      this.services.log.error(facts, "the listeners of before cannot be read: add them again")
      return []
    }
  }

  private keep(): void {
    const listeners = [...this.byPath.values()].map(({ wanted }) => wanted)
    this.state?.writeDurably(fileName, Buffer.from(JSON.stringify({ listeners })))
  }
}

function viewOf({ wanted, socket, served, refused, failure }: Listening): ListenerView {
  const { dialect, image, path, once, mode, owner } = wanted
  return {
    ...{ dialect, image, path, once },
    mode: mode.toString(8).padStart(4, "0"),
    owner: owner === undefined ? null : `${owner.uid}:${owner.gid}`,
    populate_bytes_per_second: wanted.populateBytesPerSecond ?? null,
    state: socket === undefined ? "failed" : "listening",
    served,
    refused,
    last_error: failure ?? null,
  }
}
