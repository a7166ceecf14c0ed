/** Spreads the bits of a 32-bit number; equal inputs give equal outputs everywhere. */
export function scramble(value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d)
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b)
  return (bits ^ (bits >>> 16)) >>> 0
}

/**
 * A sequence that depends on its seed alone, so that every run of the demo asks for the same
 * things.
 */
export class RandomNumbers {
  #state: number

  constructor(seed: number) {
    this.#state = scramble(seed)
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    return Math.floor((scramble(this.#state) / 0x1_0000_0000) * limit)
  }
}
