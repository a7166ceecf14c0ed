/** What a run holds against those who took part in it. */
export class Findings {
  readonly wrongBytes: string[] = []
  /** Clients by process id, each with the first thing that went wrong. */
  readonly lostClients = new Map<number, string>()
  /** Ends and refusals of managers that nobody asked for. */
  readonly managers: string[] = []
  #onFirst: (() => void) | undefined

  /** Settles when there is something to find: the run need not go on. */
  readonly first = new Promise<void>((resolve) => {
    this.#onFirst = resolve
  })

  wrong(text: string): void {
    this.wrongBytes.push(text)
    this.#onFirst?.()
  }

  lost(name: string, pid: number, why: string): void {
    if (!this.lostClients.has(pid)) this.lostClients.set(pid, `${name} (${pid}): ${why}`)
    this.#onFirst?.()
  }

  manager(text: string): void {
    this.managers.push(text)
    this.#onFirst?.()
  }

  get isEmpty(): boolean {
    return this.wrongBytes.length + this.lostClients.size + this.managers.length === 0
  }
}
