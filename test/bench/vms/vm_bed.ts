import { readFileSync } from "node:fs"
import { guestImage } from "../../vmm/guest_image.js"
import { guestModes } from "../../vmm/guest_modes.js"
import type { RestoreOptions } from "../../vmm/restore/restore.js"
import { pageBytes } from "../figures.js"
import type { Programs } from "../programs.js"
import type { PageServer } from "./page_server.js"
import { type PagerdOptions, PagerdServer } from "./pagerd_server.js"
import { ReferenceServer } from "./reference_server.js"
import { roomBytes } from "./room.js"
import { SlowSource } from "./slow_source.js"

const answerBudgetMs = 600_000
const seed = 5

/** What VMs are restored from and by: each made when it is first wanted, and kept until the end. */
export class VmBed {
  /** Without KVM threads of the VMM touch its memory. */
  readonly isPlain = guestModes()[0]?.isPlain ?? true
  readonly #images = new Map<number, string>()
  readonly #servers = new Map<string, Promise<PageServer>>()
  readonly #slow = new Map<number, SlowSource>()

  constructor(private readonly programs: Programs) {}

  /** Right before VMs are measured that take so much memory: none of it is the host's then. */
  async warm(bytes: number): Promise<void> {
    await this.programs.reference("warm_memory", { bytes: Math.min(bytes, roomBytes()) })
  }

  /** The same for pages of the pool, which are free. */
  async warmPool(bytes: number): Promise<void> {
    if (bytes > 0) await this.programs.reference("warm_memory", { bytes, huge: 1 })
  }

  /** A VM whose memory is as long as its image. */
  optionsOf(wanted: { imageBytes: number; pageBytes?: number }): RestoreOptions {
    return {
      image: this.#image(wanted.imageBytes),
      memory: [wanted.imageBytes],
      pageBytes: wanted.pageBytes ?? pageBytes,
      isPlain: this.isPlain,
      answerBudgetMs,
    }
  }

  /** A pagerd for the rest of the run. */
  pagerd(imageBytes: number, options: PagerdOptions): Promise<PageServer> {
    return this.#server(JSON.stringify([imageBytes, options]), () =>
      PagerdServer.start(this.optionsOf({ imageBytes }), options),
    )
  }

  /** The C reference, for the rest of the run. */
  reference(imageBytes: number, delayUs = 0): Promise<PageServer> {
    return this.#server(JSON.stringify([imageBytes, delayUs]), () =>
      ReferenceServer.start(this.#image(imageBytes), delayUs),
    )
  }

  /** The same bytes, each read of which takes long. */
  slow(imageBytes: number): SlowSource {
    const known = this.#slow.get(imageBytes)
    const slow = known ?? new SlowSource(readFileSync(this.#image(imageBytes)))
    this.#slow.set(imageBytes, slow)
    return slow
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async (server) => (await server).stop()))
  }

  #server(key: string, start: () => Promise<PageServer>): Promise<PageServer> {
    const server = this.#servers.get(key) ?? start()
    this.#servers.set(key, server)
    return server
  }

  /** No page of it is zero. */
  #image(lengthBytes: number): string {
    const known = this.#images.get(lengthBytes)
    const path = known ?? guestImage({ lengthBytes, seed, strideBytes: 1 << 20 })
    this.#images.set(lengthBytes, path)
    return path
  }
}
