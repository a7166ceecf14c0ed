import { setTimeout as pause } from "node:timers/promises"
import type { SessionView } from "../../../manager/view.js"
import { retryUntil } from "../../harness/retry.js"
import { type SourceManager, serveSources } from "../../harness/source_manager.js"
import { type Restore, type RestoreOptions, restore } from "../../vmm/restore/restore.js"
import { listenForVms } from "../../vmm/vm_listener.js"

/** What each read of the source takes, however much it asks for. */
export const slowReadUs = 1_000

const settleBudgetMs = 60_000
const setPath = "/v1/working_sets/vm"

/** Restores by managers that have nothing of an image yet, whose source is slow. */
export class SlowSource {
  /** What was recorded of a first restore, by the window that it had. */
  readonly #sets = new Map<number | undefined, Promise<unknown>>()

  constructor(private readonly bytes: Buffer) {}

  /** The first restore of an image that nothing is known of. */
  first(vm: RestoreOptions, windowBytes?: number): Promise<Restore> {
    return this.#served(windowBytes, (_, socket) => restore({ ...vm, socket }))
  }

  /** The next one, with the working set of the first and nothing else of it. */
  async second(vm: RestoreOptions, windowBytes?: number): Promise<Restore> {
    const set = this.#sets.get(windowBytes) ?? this.#record(vm, windowBytes)
    this.#sets.set(windowBytes, set)
    const known = await set
    return this.#served(windowBytes, async ({ debug }, socket) => {
      const { status, text } = await debug.ask("POST", setPath, known)
      if (status !== 200) throw new Error(`the working set is not taken: ${text}`)
      return restore({ ...vm, socket })
    })
  }

  #record(vm: RestoreOptions, windowBytes: number | undefined): Promise<unknown> {
    return this.#served(windowBytes, async ({ debug }, socket) => {
      await restore({ ...vm, socket })
      await retryUntil("the end of the VM's session", settleBudgetMs, async () => {
        return (await debug.get<SessionView[]>("/v1/sessions")).length === 0
      })
      return debug.get(`${setPath}?export=1`)
    })
  }

  async #served<T>(
    windowBytes: number | undefined,
    use: (manager: SourceManager, socket: string) => Promise<T>,
  ): Promise<T> {
    const manager = await serveSources(
      { vm: this.#source() },
      {
        workingSets: { images: ["vm"], windowMs: 3_600_000 },
        ...(windowBytes === undefined ? {} : { engine: { windowBytesDefault: windowBytes } }),
      },
    )
    try {
      return await use(manager, await listenForVms(manager, "vm"))
    } finally {
      await manager.stop()
    }
  }

  #source() {
    const { bytes } = this
    return {
      length: bytes.length,
      identity: "a slow source's bytes",
      async read(offset: number, length: number) {
        await pause(slowReadUs / 1_000)
        return bytes.subarray(offset, offset + length)
      },
    }
  }
}
