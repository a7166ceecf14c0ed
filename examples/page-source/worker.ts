// Maps the squares, looks at a few thousand of them, and fails when one is wrong.
import { connect } from "pagerd"

const pager = await connect()
const region = await pager.map("squares")
const squares = new Float64Array(region.buffer)
for (let i = 0; i < squares.length; i += 40_009) {
  if (squares[i] !== i ** 2) throw new Error(`squares[${i}] is ${squares[i]}, not ${i ** 2}`)
}
console.log(`${squares.length} squares mapped, every 40,009th looked at and right`)
await pager.close()
