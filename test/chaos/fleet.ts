import { fileURLToPath } from "node:url"
import { type Books, slotsMax } from "./books.js"
import { type Berth, ChaosClient } from "./chaos_client.js"
import { clientProgram, foreignProgram } from "./client_program.js"
import type { Daemon } from "./daemon.js"
import type { Findings } from "./findings.js"
import type { ChaosImage, RunImages } from "./images.js"
import { chaosModes, type Options } from "./options.js"
import type { Random } from "./random.js"

const slotsPerClient = 8
const wasmClientPath = fileURLToPath(new URL("wasm_client_process.js", import.meta.url))

interface FleetParts {
  readonly options: Options
  readonly images: RunImages
  readonly books: Books
  readonly findings: Findings
  readonly random: Random
  readonly main: Daemon
  readonly source: Daemon
  readonly logDirectory: string
}

/** All clients of a run, each in its berth, where another takes its place when it was killed. */
export class Fleet {
  readonly #members = new Map<Berth, ChaosClient>()
  readonly #parts: FleetParts
  readonly #program = clientProgram()
  readonly #foreignProgram = foreignProgram()
  #lives = 0

  constructor(parts: FleetParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const { clients, adoption, layout } = this.#parts.options
    const berths = Array.from({ length: clients }, (_, index) => this.#berth(index))
    const foreign = Math.ceil(clients / 3)
    for (const kind of [...(adoption ? ["unaware"] : []), ...(layout ? ["layout"] : [])]) {
      for (let count = 0; count < foreign; count++) berths.push(this.#foreign(berths.length, kind))
    }
    if (berths.length * slotsPerClient > slotsMax) {
      throw new Error(`${berths.length} clients, wanted at most ${slotsMax / slotsPerClient}`)
    }
    await Promise.all(berths.map((berth) => this.#fill(berth)))
  }

  get members(): ChaosClient[] {
    return [...this.#members.values()]
  }

  /** SIGKILL of one, and another in its place. */
  async replace(): Promise<void> {
    const member = this.#parts.random.of(this.members)
    await member.kill()
    await this.#fill(member.berth)
  }

  async #fill(berth: Berth): Promise<void> {
    const { books, findings, logDirectory } = this.#parts
    this.#lives += 1
    const client = new ChaosClient(berth, this.#lives, books, findings, logDirectory)
    this.#members.set(berth, client)
    await client.start()
  }

  /** The command that compares the board with the books. */
  auditCommand(): string[] {
    const { main, images } = this.#parts
    return [...this.#common(main), `board=${orderOf(images.board)}`, "audit=1"]
  }

  #common(daemon: Daemon): string[] {
    return [this.#program, `socket=${daemon.socket}`, `books=${this.#parts.books.path}`]
  }

  /** Every fourth pages from the page source, the second runs wasm. */
  #berth(index: number): Berth {
    const place = { firstSlot: index * slotsPerClient, slots: slotsPerClient }
    const { main, source } = this.#parts
    if (index === 1) {
      const command = () => this.#wasmCommand(place.firstSlot)
      return { name: `wasm-${index}`, daemon: main, ...place, command }
    }
    const daemon = index % 4 === 3 ? source : main
    const command = (life: number) => [
      ...this.#common(daemon),
      ...this.#ownOrders(place.firstSlot, life),
      `mode=${chaosModes[this.#parts.options.mode]}`,
      ...this.#imagesOf(daemon, index),
      ...this.#lieOf(index),
    ]
    return { name: `client-${index}`, daemon, ...place, command }
  }

  /** One that gives its userfaultfd away and does not know of managers' deaths. */
  #foreign(index: number, kind: string): Berth {
    const { main, images, books } = this.#parts
    const firstSlot = index * slotsPerClient
    const command = (life: number) => [
      ...[this.#foreignProgram, `socket=${main.socket}`, `books=${books.path}`],
      ...[...this.#ownOrders(firstSlot, life), `lazy=${orderOf(images.model)}`],
      `layout=${kind === "layout" ? 1 : 0}`,
    ]
    return { name: `${kind}-${index}`, daemon: main, firstSlot, slots: slotsPerClient, command }
  }

  #ownOrders(slot: number, life: number): string[] {
    return [`slot=${slot}`, `seed=${this.#parts.options.seed * 1000 + life}`]
  }

  #wasmCommand(slot: number): string[] {
    const { main, images, books, options } = this.#parts
    const mode = options.mode === "mixed" ? "share" : options.mode
    const { name, seed, pages } = images.model
    const given = [main.socket, books.path, slot, mode, name, seed, pages]
    return [process.execPath, wasmClientPath, ...given.map(String)]
  }

  #imagesOf(daemon: Daemon, index: number): string[] {
    const { images, options, source } = this.#parts
    const { model, solid, board, fetched } = images
    const off = options.lie === "seed" && index === 0 ? 1 : 0
    if (daemon === source) return [`lazy=${orderOf(fetched)}`]
    return [
      `lazy=${orderOf({ ...model, seed: model.seed + off })}`,
      `lazy_file=${model.path}`,
      `solid=${orderOf(solid)}`,
      `board=${orderOf(board)}`,
    ]
  }

  /** The first client does what a test wants to see found out. */
  #lieOf(index: number): string[] {
    const { lie } = this.#parts.options
    return index === 0 && lie !== undefined ? [`lie=${lie}`] : []
  }
}

const orderOf = ({ name, seed, pages }: ChaosImage): string => `${name}:${seed}:${pages}`
