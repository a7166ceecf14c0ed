import { type PageManager, startReferenceManager } from "../../vmm/page_managers.js"
import { cpuSeconds } from "../../vmm/restore/restore.js"
import type { Costs, PageServer } from "./page_server.js"

/** The C reference: a thread for each VM, a page for each fault, out of the mapped file. */
export class ReferenceServer implements PageServer {
  static async start(image: string, delayUs = 0): Promise<ReferenceServer> {
    return new ReferenceServer(await startReferenceManager(image, { delayUs }))
  }

  private constructor(private readonly manager: PageManager) {}

  get socket(): string {
    return this.manager.socket
  }

  async costs(): Promise<Costs> {
    const { faults } = await this.manager.counts()
    return { faults, cpuSeconds: cpuSeconds(this.manager.process.pid) }
  }

  async settle(): Promise<void> {}
  async renew(): Promise<void> {}

  stop(): Promise<void> {
    return this.manager.stop()
  }
}

/** Nobody at all: a private mapping of the memory file. */
export const noServer: PageServer = {
  socket: undefined,
  costs: async () => undefined,
  settle: async () => {},
  renew: async () => {},
  stop: async () => {},
}
