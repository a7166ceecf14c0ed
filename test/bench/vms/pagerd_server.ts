import { populateRateMax } from "../../../manager/dialects/firecracker/populate_rate.js"
import type { SessionView, StatsView } from "../../../manager/view.js"
import { type Manager, type ManagerOptions, startManager } from "../../harness/manager.js"
import { retryUntil } from "../../harness/retry.js"
import { scratchDirectory } from "../../harness/scratch.js"
import { cpuSeconds, type RestoreOptions, restore } from "../../vmm/restore/restore.js"
import { listenForVms } from "../../vmm/vm_listener.js"
import { setOf } from "../../working_sets/runs.js"
import { BrokenWork } from "../figures.js"
import type { Costs, PageServer } from "./page_server.js"

export interface PagerdOptions {
  /** Undefined: the default. */
  readonly windowBytes?: number
  /** One restore has been recorded before, and is replayed. */
  readonly hasWorkingSet?: boolean
  /** All of a VM's memory is brought as fast as can be, whether it touches it or not. */
  readonly isPopulated?: boolean
  /** All of the image is in the manager's memory before the first VM. */
  readonly isResident: boolean
}

const settleBudgetMs = 60_000

/** A `pagerd serve` as an operator would start it, with a path where VMs find the image. */
export class PagerdServer implements PageServer {
  /** `vm` is what restores are to be like. */
  static async start(vm: RestoreOptions, options: PagerdOptions): Promise<PagerdServer> {
    const directory = scratchDirectory()
    const started = { ...serveOptions(vm.image ?? "", options), directory }
    const server = new PagerdServer(await startManager(started), started, options)
    try {
      await server.#prepare(vm)
      return server
    } catch (error) {
      await server.manager.kill()
      throw error
    }
  }

  #socket = ""

  #letsGo: Promise<unknown> | undefined

  private constructor(
    private manager: Manager,
    private readonly started: ManagerOptions,
    private readonly options: PagerdOptions,
  ) {}

  get socket(): string {
    return this.#socket
  }

  async costs(): Promise<Costs> {
    await this.#untilAll("ended")
    const { faults } = await this.manager.debug.get<StatsView>("/v1/stats")
    return { faults: faults.missing, cpuSeconds: cpuSeconds(this.manager.pid) }
  }

  async settle(): Promise<void> {
    if (!this.options.isPopulated) return
    // One question for all VMs that wait: many would keep the manager busy.
    this.#letsGo ??= this.#untilAll("detached").finally(() => {
      this.#letsGo = undefined
    })
    await this.#letsGo
  }

  /** An image that is resident stays so, whoever has used it. */
  async renew(): Promise<void> {
    if (this.options.isResident) return
    await this.manager.stop()
    this.manager = await startManager(this.started)
  }

  stop(): Promise<void> {
    return this.manager.stop()
  }

  async #prepare(vm: RestoreOptions): Promise<void> {
    const { isResident, isPopulated, hasWorkingSet } = this.options
    const rate = isPopulated ? { populate_bytes_per_second: populateRateMax } : {}
    this.#socket = await listenForVms(this.manager, "vm", rate)
    if (isResident) await this.#load()
    if (hasWorkingSet) {
      await this.#record(vm)
      await this.renew()
    } else if (isResident) {
      await restore({ ...vm, socket: this.socket, touchesMax: 1 })
    }
  }

  async #load(): Promise<void> {
    const { status, text } = await this.manager.debug.ask("POST", "/v1/images/vm/load")
    if (status !== 200) throw new BrokenWork(`the image cannot be loaded: ${text}`)
  }

  async #record(vm: RestoreOptions): Promise<void> {
    await restore({ ...vm, socket: this.socket })
    await this.#untilAll("ended")
    const set = await setOf(this.manager, "vm")
    if (set === undefined) throw new BrokenWork("no working set was recorded of a restore")
  }

  /** VMs' sessions; of those that have ended there is none. */
  #untilAll(state: "detached" | "ended"): Promise<unknown> {
    return retryUntil(`all VMs' sessions being ${state}`, settleBudgetMs, async () => {
      const sessions = await this.manager.debug.get<SessionView[]>("/v1/sessions")
      return sessions.every((session) => session.state === state)
    })
  }
}

/** Recorded in full: neither slow machines nor large images cut it. */
const workingSetSettings = `[working_sets]
window_ms = 3600000
bytes_max = ${2 ** 30}
`

function serveOptions(image: string, options: PagerdOptions): ManagerOptions {
  const { windowBytes, hasWorkingSet = false } = options
  const engine =
    windowBytes === undefined ? "" : `[engine]\nwindow_bytes_default = ${windowBytes}\n`
  const args = hasWorkingSet ? ["--working-sets", "vm"] : []
  return { images: { vm: image }, config: engine + workingSetSettings, args }
}
