/** Uses an instance after its end, in the one way that gives its memory new access rights. */
import { argv } from "node:process"
import { connect, type Mode } from "../../client/index.js"
import type { SmallExports } from "./code.js"
import { smallImage } from "./small_image.js"

const [, , socket = "", mode] = argv
const pager = await connect({ socket })
const instance = await pager.instantiate<SmallExports>(
  await smallImage(9),
  {},
  { mode: mode as Mode },
)
const { load, grow } = instance.exports
console.log(`before: ${load(0)}`)
await instance.close()
console.log(`grown from ${grow(1)}`)
console.log(`after: ${load(0)}`)
