import type { SocketModule } from "./native.js"

/**
 * The descriptors that came with one frame. What nobody takes out is closed when the frame is done
 * with, whatever became of it.
 */
export class ReceivedDescriptors {
  constructor(
    private readonly numbers: number[],
    private readonly native: Pick<SocketModule, "closeFor">,
    private readonly uid: number,
  ) {}

  get length(): number {
    return this.numbers.length
  }

  /** The first one, which stays ours. */
  first(): number | undefined {
    return this.numbers[0]
  }

  /** The first one, which is the taker's from here on. */
  take(): number | undefined {
    return this.numbers.shift()
  }

  closeRest(): void {
    for (const number of this.numbers.splice(0)) this.native.closeFor(number, this.uid)
  }
}
