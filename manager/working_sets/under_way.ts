/** Counts what is under way in each space, for those who wait until nothing is. */
export class UnderWay {
  private readonly counts = new Map<number, number>()
  private readonly waiting = new Map<number, (() => void)[]>()

  begin(space: number): void {
    this.counts.set(space, (this.counts.get(space) ?? 0) + 1)
  }

  end(space: number): void {
    const left = (this.counts.get(space) ?? 0) - 1
    if (left > 0) {
      this.counts.set(space, left)
      return
    }
    this.counts.delete(space)
    for (const resolve of this.waiting.get(space) ?? []) resolve()
    this.waiting.delete(space)
  }

  whenNone(space: number): Promise<void> {
    if (!this.counts.has(space)) return Promise.resolve()
    return new Promise((resolve) => {
      this.waiting.set(space, [...(this.waiting.get(space) ?? []), resolve])
    })
  }
}
