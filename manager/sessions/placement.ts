import type { Session } from "./session.js"
import type { SessionServices } from "./session_services.js"

const roundMs = 1_000
/** Sessions looked at in one round; with more of them each has its turn less often. */
const sessionsPerRoundMax = 64

/**
 * Keeps each address space with the fault thread of the CPU that its client is pinned to, if it is
 * pinned to one. Affinities change rarely and are read from /proc, so a few sessions are looked at
 * once a second.
 */
export class Placement {
  private timer: NodeJS.Timeout | undefined
  private next = 0

  constructor(
    private readonly services: Pick<SessionServices, "engine" | "native">,
    private readonly sessions: () => readonly Session[],
  ) {}

  start(): void {
    this.timer ??= setInterval(() => this.lookAround(), roundMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private lookAround(): void {
    const sessions = this.sessions()
    const turns = Math.min(sessions.length, sessionsPerRoundMax)
    for (let turn = 0; turn < turns; turn += 1) {
      this.next = (this.next + 1) % sessions.length
      this.place(sessions[this.next] as Session)
    }
  }

  private place(session: Session): void {
    const { space, peer, state } = session
    if (space === undefined || state !== "active" || peer.pid === 0) return
    const cpu = this.services.native.pinnedCpu(peer.pid)
    if (cpu === session.cpu) return
    session.cpu = cpu
    this.services.engine.native.place(space, cpu)
  }
}
