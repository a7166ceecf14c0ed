import { statSync } from "node:fs"
import {
  startVmm,
  type Vmm,
  type VmmAnswer,
  type VmmOptions,
  type VmmReady,
} from "../vmm_program.js"
import { wrongWords } from "./words.js"

const pageBytes = 4096
const mebibyte = 1 << 20
/** Room for two regions of which neither is whole in anything larger than a page. */
const imageBytesMin = 4 * mebibyte
/** Leaves room for memory beyond the file. */
const imageBytesMax = 2560 * mebibyte

export interface BedOptions {
  /** Where the manager under test listens. */
  readonly socket: string
  /** The memory file that it serves to everybody who connects there. */
  readonly image: string
  /** How long a guest may wait for the answer to one order. */
  readonly patienceMs: number
  readonly isPlain: boolean
  /** Starts the handler anew for each case; undefined where it listens already. */
  readonly command?: string | undefined
}

/** What a case starts its VMs with. */
export class Bed {
  /** Of the image, the last one perhaps not whole. */
  readonly pages: number
  /** How the guests run; undefined before the first VM is there. */
  guest: Pick<VmmReady, "mode" | "why_plain"> | undefined
  readonly #vms: Vmm[] = []

  constructor(readonly options: BedOptions) {
    const { size } = statSync(options.image)
    if (size < imageBytesMin || size > imageBytesMax) {
      const wanted = `${imageBytesMin} to ${imageBytesMax} bytes`
      throw new Error(`${options.image} has ${size} bytes; wanted are ${wanted}`)
    }
    this.pages = Math.ceil(size / pageBytes)
  }

  /** Regions over the whole image: with one boundary that is no multiple of anything but pages. */
  get memory(): readonly number[] {
    return [257 * pageBytes, (this.pages - 257) * pageBytes]
  }

  /** A VM over the image; the guest is resumed. It ends with its case. */
  async vm(options: Partial<VmmOptions> = {}): Promise<Vmm> {
    const { socket, image, patienceMs, isPlain } = this.options
    const common = { socket, image, isPlain, memory: this.memory, answerBudgetMs: patienceMs }
    const vm = await startVmm({ ...common, ...options })
    this.#vms.push(vm)
    this.guest = vm.ready
    return vm
  }

  /** Of the VMs that have not ended. */
  get pids(): number[] {
    const isAlive = ({ process: { child } }: Vmm) => (child.exitCode ?? child.signalCode) === null
    return this.#vms.filter(isAlive).map(({ process }) => process.pid)
  }

  async end(): Promise<void> {
    await Promise.all(this.#vms.splice(0).map((vm) => vm.kill()))
  }
}

/** Fails with what was wrong in an answer. */
export function right(answer: VmmAnswer): void {
  const wrong = wrongWords(answer)
  if (wrong !== undefined) throw new Error(wrong)
}

const walkedMax = 1024

/** Reads a word of pages all over memory, the first and the last among them. */
export async function walkAll(vm: Vmm, seed: number): Promise<void> {
  const { pages } = vm.ready
  // Odd, so that no pattern of powers of two is passed over.
  const stride = Math.floor(pages / walkedMax) | 1
  right(await vm.order("walk", 0, Math.floor((pages - 1) / stride) + 1, stride, seed))
  right(await vm.order("walk", pages - 1, 1, 1, seed))
}
