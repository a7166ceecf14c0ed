import { statSync } from "node:fs"
import type { SessionView } from "../../../manager/view.js"
import { retryUntil } from "../../harness/retry.js"
import { guestImage } from "../../vmm/guest_image.js"
import { listenForVms } from "../../vmm/vm_listener.js"
import { type Handshake, startVmm, type Vmm } from "../../vmm/vmm_program.js"
import type { ChaosRun } from "../command.js"
import { type Daemon, isOwnGroup } from "../daemon.js"
import { guestDaemon } from "../daemons.js"
import { Findings } from "../findings.js"
import { killInARow } from "../kills.js"
import { Random } from "../random.js"
import { RunDirectory } from "../run_directory.js"
import { Guest, type PageRange, Touches } from "./guest.js"
import type { GuestOptions } from "./options.js"
import { type GuestReport, guestReportOf } from "./report.js"

/** Of VMs in turn: one that keeps its socket, one that hangs up after its message, older ones. */
const ages: readonly Handshake[] = ["1.16", "1.7", "1.12", "1.1"]

/** One kill, or several in a row, and what the guests had of it. */
export interface Round {
  readonly kills: number
  /** From the last kill until the next manager served. */
  readonly backMs: number
  /** Guests that had not yet come to the end of their work. */
  readonly atWork: number
  /** The longest touch of any guest. */
  readonly longestMs: number
}

/** One run of virtual machines, from the image to the report. */
export class GuestRun implements ChaosRun<GuestReport> {
  readonly findings = new Findings()
  readonly touches = new Touches()
  readonly directory = new RunDirectory()
  readonly rounds: Round[] = []
  readonly image: string
  readonly daemon: Daemon
  /** Undefined before the first VM is there. */
  firstVmm: Vmm | undefined
  hasFinished = false
  readonly #random: Random
  readonly #begunMs = performance.now()
  #guests: readonly Guest[] = []
  #isInterrupted = false

  constructor(
    readonly options: GuestOptions,
    private readonly tell: (text: string) => void,
  ) {
    const { bytes, seed } = options
    this.#random = new Random(seed)
    this.image = guestImage({ lengthBytes: bytes, seed })
    this.daemon = guestDaemon(this.directory.path, this.image, this.directory.logs)
  }

  get kills(): number {
    return this.rounds.reduce((sum, { kills }) => sum + kills, 0)
  }

  async toEnd(): Promise<GuestReport> {
    await this.daemon.start()
    const socket = await listenForVms(this.daemon, "vm")
    const names = Array.from({ length: this.options.vms }, (_, at) => ages[at % ages.length])
    this.#guests = await Promise.all(
      names.map((age, at) => this.#guest(`VM ${at} of Firecracker ${age}`, socket, age)),
    )
    this.#tellOfGuests()
    await this.#each((guest, at) => guest.churn(this.#part(this.options.kills - 1, at)))
    while (this.#goesOn && this.kills < this.options.kills) await this.#round()
    await this.#inspect(socket)
    await this.daemon.terminate().catch(({ message }) => this.findings.manager(message))
    this.hasFinished = !this.#isInterrupted
    return this.report()
  }

  interrupt(): void {
    this.#isInterrupted = true
  }

  report(): GuestReport {
    const diskBytes = statSync(this.image).blocks * 512
    return guestReportOf(this, diskBytes, (performance.now() - this.#begunMs) / 1000)
  }

  get #goesOn(): boolean {
    return this.findings.isEmpty && !this.#isInterrupted
  }

  async #guest(name: string, socket: string, handshake: Handshake = "1.16"): Promise<Guest> {
    const { bytes, vcpus, isPlain, patienceMs, lie, seed } = this.options
    const vmm = await startVmm({
      ...{ socket, handshake, vcpus, isPlain, isOwnGroup, memory: [bytes] },
      image: lie === "seed" ? guestImage({ lengthBytes: bytes, seed: seed + 1 }) : this.image,
      isStepped: true, // So that each touch is timed.
      answerBudgetMs: patienceMs,
    })
    this.firstVmm ??= vmm
    return new Guest(name, vmm, this.#random, this.touches, this.findings)
  }

  #tellOfGuests(): void {
    const { mode, why_plain } = this.firstVmm?.ready ?? {}
    if (mode === "plain") this.tell(`NO KVM (${why_plain}): the guests are threads`)
    const names = this.#guests.map(({ name }) => name)
    this.tell(`${names.join(", ")}; logs in ${this.directory.logs}`)
  }

  #each<T>(act: (guest: Guest, at: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#guests.map(act))
  }

  /**
   * The part of memory where a guest is in a round. They are never all in the same one, so pages
   * that one is the first to want are resident for the others later.
   */
  #part(round: number, guest: number): PageRange {
    const { kills, vms, bytes } = this.options
    const count = Math.floor(bytes / 4096 / kills)
    const shift = Math.floor((guest * kills) / vms)
    return { first: ((round + shift) % kills) * count, count }
  }

  async #round(): Promise<void> {
    const { daemon } = this
    const round = this.rounds.length
    if (round > 0) await this.#each((guest, at) => guest.churn(this.#part(round - 1, at)))
    await this.#each((guest, at) => guest.begin(this.#part(round, at)))
    await this.#awaitProgress(round)
    if (this.options.lie === "exit") await this.#guests[0]?.vmm.kill()
    const left = this.options.kills - this.kills
    const kills = left > 1 && this.#random.once(4) ? 2 : 1
    await daemon.lookAtStats()
    const atNs = await killInARow(daemon, this.#random, kills)
    const killedMs = performance.now()
    await daemon.start()
    const backMs = Number(process.hrtime.bigint() - atNs) / 1e6
    const ends = await this.#each((guest) => guest.end())
    const atWork = ends.filter(({ endedMs }) => endedMs > killedMs).length
    const longestMs = Math.max(...ends.map((end) => end.longestMs))
    this.rounds.push({ kills, backMs, atWork, longestMs })
    await this.#awaitAdoption()
    this.tell(
      `kill ${this.kills} of ${this.options.kills}: ${atWork} guests were at work; ` +
        `served again after ${backMs.toFixed(0)} ms, longest touch ${longestMs.toFixed(0)} ms`,
    )
  }

  /** Until a guest has done so much of its work as the lot wants. */
  async #awaitProgress(round: number): Promise<void> {
    const guest = this.#random.of(this.#guests)
    const { count } = this.#part(round, 0)
    const wanted = Math.ceil((count * this.#random.between(1, 80)) / 100)
    await retryUntil("a guest at work", this.options.patienceMs, async () => {
      return (await guest.progress()) >= wanted
    }).catch(({ message }) => this.findings.lost(guest.name, guest.vmm.process.pid, message))
  }

  /** Nobody connects again, so each VM has a session that its manager has fetched. */
  async #awaitAdoption(): Promise<void> {
    if (!this.#goesOn) return
    const { daemon, options } = this
    await retryUntil(`${options.vms} adopted VMs`, options.patienceMs, async () => {
      const sessions = await daemon.debug.get<SessionView[]>("/v1/sessions")
      return sessions.filter(({ adopted }) => adopted).length === options.vms
    }).catch(({ message }) => this.findings.manager(message))
    const crash = daemon.crashes.shift()
    if (crash !== undefined) this.findings.manager(`ended by itself: ${crash}`)
  }

  /** Every byte of each VM, one after the other, and of one that is restored after all kills. */
  async #inspect(socket: string): Promise<void> {
    for (const guest of this.#guests) {
      await guest.inspect()
      await guest.vmm.kill()
      this.tell(`${guest.name}: every byte was looked at`)
    }
    if (this.findings.lostClients.size > 0) return
    const fresh = await this.#guest("a VM restored after all kills", socket)
    await fresh.inspect()
    this.tell(`${fresh.name}: every byte was looked at`)
    await this.daemon.lookAtStats()
    await fresh.vmm.kill()
  }
}
