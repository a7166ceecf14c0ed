import { z } from "zod"
import { ClientError, errnoOf, reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { ClientProcess, SocketModule } from "../sockets/native.js"
import type { StateDirectory } from "../state/state_directory.js"

const fileName = "keepers.json"
/** One that ends again and again is started no more often than this. */
const restartPauseMs = 1_000

const keeperEntry = z.object({ manager: z.string(), pid: z.number(), identity: z.string() })
type KeeperEntry = z.output<typeof keeperEntry>

interface PastKeeper extends KeeperEntry {
  readonly process: ClientProcess
  readonly fetched: Set<number>
}

type Native = Pick<
  SocketModule,
  "ClientProcess" | "startKeeper" | "userfaultfdsOf" | "closeDescriptor"
>

/**
 * What keeps descriptors that only the manager has open beyond its end, whatever that is: a process
 * of its own, started with the first client that needs it (native/sys/keeper.hpp). Its pid stands
 * in the state directory, so that the next manager can have the descriptors from there. JS thread.
 */
export class Keeper {
  private readonly past: PastKeeper[] = []
  private current: KeeperEntry | undefined
  private process: ClientProcess | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly state: StateDirectory,
    private readonly native: Native,
    /** What tells this manager from those before it. */
    private readonly manager: string,
    private readonly log: Logger,
  ) {
    for (const entry of this.read()) {
      const process = this.open(entry)
      if (process !== undefined) this.past.push({ ...entry, process, fetched: new Set() })
    }
  }

  get isThere(): boolean {
    return this.process !== undefined
  }

  /** Throws a ClientError when what is served now would be lost with this manager. */
  ensure(): void {
    if (this.process !== undefined) return
    try {
      this.start()
    } catch (error) {
      const found = `Its layout events cannot be served without a keeper: ${reasonOf(error)}`
      throw new ClientError("unsupported_features", found)
    }
  }

  /** The descriptor that an earlier manager had under that number, for the caller. */
  fetch(manager: string, number: number): number | undefined {
    for (const past of this.past) {
      if (past.manager !== manager) continue
      try {
        const copy = past.process.copyDescriptor(number)
        past.fetched.add(number)
        return copy
      } catch (error) {
        const facts = { pid: past.pid, descriptor: number, reason: reasonOf(error) }
        this.log.warn(facts, "cannot have a descriptor from an earlier manager's keeper")
      }
    }
    return undefined
  }

  /**
   * To be called once all that was known has been fetched: hands over what nobody knows, and ends
   * the keepers of earlier managers. One that does not give it goes on.
   */
  async settle(keep: (userfaultfd: number) => void): Promise<void> {
    for (const past of this.past.splice(0)) {
      try {
        this.ensure()
        for (const number of await this.native.userfaultfdsOf(past.pid)) {
          if (!past.fetched.has(number)) keep(past.process.copyDescriptor(number))
        }
        // Managers of one process share it.
        if (past.pid !== this.current?.pid) past.process.kill()
      } catch (error) {
        const message = "an earlier manager's keeper goes on: children wait for their pages there"
        this.log.warn({ pid: past.pid, reason: reasonOf(error) }, message)
      }
      past.process.close()
    }
  }

  /** The keeper goes on. */
  close(): void {
    clearTimeout(this.timer)
    this.process?.close()
    for (const { process } of this.past.splice(0)) process.close()
  }

  private start(): void {
    const pid = this.native.startKeeper()
    const process = new this.native.ClientProcess(pid)
    process.watch(() => this.startAgain())
    this.process = process
    this.current = { manager: this.manager, pid, identity: process.identity }
    const entries = [this.current, ...this.past].map((entry) => keeperEntry.parse(entry))
    this.state.write(fileName, Buffer.from(`${JSON.stringify(entries)}\n`))
    this.log.info({ pid }, "a keeper holds what nobody else has open")
  }

  private startAgain(): void {
    this.process = undefined
    this.log.warn({ pid: this.current?.pid }, "the keeper has ended: it is started again")
    this.timer = setTimeout(() => {
      try {
        if (this.process === undefined) this.start()
      } catch (error) {
        const message = "there is no keeper: pages of forked children are lost with this manager"
        this.log.error({ reason: reasonOf(error) }, message)
      }
    }, restartPauseMs).unref()
  }

  private read(): KeeperEntry[] {
    try {
      const text = this.state.read(fileName)
      return text === undefined ? [] : z.array(keeperEntry).parse(JSON.parse(String(text)))
    } catch (error) {
      this.log.warn({ reason: reasonOf(error) }, `${fileName} cannot be read`)
      return []
    }
  }

  /** Undefined when that process has ended. */
  private open({ pid, identity }: KeeperEntry): ClientProcess | undefined {
    try {
      const process = new this.native.ClientProcess(pid)
      if (process.identity === identity) return process
      process.close()
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") {
        this.log.warn({ pid, reason: reasonOf(error) }, "an earlier keeper cannot be opened")
      }
    }
    return undefined
  }
}
