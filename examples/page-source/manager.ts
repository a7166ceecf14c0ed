// A gigabyte of square numbers that are nowhere until somebody looks at them.
import { serve } from "pagerd/manager"

const squares = {
  length: 2 ** 30,
  async read(offset: number, length: number): Promise<Uint8Array> {
    const numbers = Float64Array.from({ length: length / 8 }, (_, i) => (offset / 8 + i) ** 2)
    return new Uint8Array(numbers.buffer)
  },
}
const manager = await serve({ images: { squares } })
process.once("SIGINT", () => manager.close())
