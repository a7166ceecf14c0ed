import { Rounds } from "./rounds.js"
import type { Session } from "./session.js"
import type { SessionServices } from "./session_services.js"

const sessionsPerRoundMax = 64

/**
 * Keeps each address space with the fault thread of the CPU that its client is pinned to, if it is
 * pinned to one. Affinities change rarely and are read from /proc, so a few sessions are looked at
 * once a second.
 */
export class Placement {
  private readonly rounds: Rounds<Session>

  constructor(
    private readonly services: Pick<SessionServices, "engine" | "native">,
    sessions: () => readonly Session[],
  ) {
    this.rounds = new Rounds(sessionsPerRoundMax, sessions, (session) => this.place(session))
  }

  start(): void {
    this.rounds.start()
  }

  stop(): void {
    this.rounds.stop()
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
