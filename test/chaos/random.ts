/** Random numbers that a seed decides, so that a run can be repeated. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }

  below(bound: number): number {
    return this.next() % bound
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error("a choice among no values")
    return value
  }

  /** A name, by its weight. */
  weighted<Name extends string>(weights: ReadonlyMap<Name, number>): Name {
    let left = this.below([...weights.values()].reduce((a, b) => a + b, 0))
    for (const [name, weight] of weights) {
      left -= weight
      if (left < 0) return name
    }
    throw new Error("a choice among no weights")
  }
}
