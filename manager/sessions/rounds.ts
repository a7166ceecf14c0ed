const roundMs = 1_000

/**
 * Looks at a few of many items once a second, each in its turn, so that a round's cost is bounded
 * however many there are. Keeps no process from ending. JS thread.
 */
export class Rounds<Item> {
  private timer: NodeJS.Timeout | undefined
  private next = 0

  /** With more items than `perRoundMax`, each has its turn less often. */
  constructor(
    private readonly perRoundMax: number,
    private readonly items: () => readonly Item[],
    private readonly look: (item: Item) => void,
  ) {}

  start(): void {
    this.timer ??= setInterval(() => this.lookAround(), roundMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private lookAround(): void {
    const items = this.items()
    const turns = Math.min(items.length, this.perRoundMax)
    for (let turn = 0; turn < turns; turn += 1) {
      this.next = (this.next + 1) % items.length
      this.look(items[this.next] as Item)
    }
  }
}
