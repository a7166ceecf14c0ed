import type { IncomingMessage } from "node:http"
import { createInterface } from "node:readline"
import type { FaultView } from "../../manager/view.js"

/** One line of a followed fault stream. */
export type StreamLine = FaultView | { dropped: number }

/** Reads a stream line by line; `take` waits until so many have come. */
export function streamLines(response: IncomingMessage) {
  const lines = createInterface({ input: response })[Symbol.asyncIterator]()
  return {
    async take(count: number): Promise<StreamLine[]> {
      const taken: StreamLine[] = []
      while (taken.length < count) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`The stream ended after ${taken.length} lines of ${count}`)
        taken.push(JSON.parse(value) as StreamLine)
      }
      return taken
    },
    async isAtEnd(): Promise<boolean> {
      return (await lines.next()).done === true
    },
  }
}

export function sequences(lines: readonly StreamLine[]): (number | string)[] {
  return lines.map((line) => ("dropped" in line ? `dropped ${line.dropped}` : line.sequence))
}
