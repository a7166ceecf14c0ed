/** Reads a view after its region was closed. Arguments: the socket, the image. */
import { writeSync } from "node:fs"
import { connect } from "../../client/index.js"

const [socket = "", image = ""] = process.argv.slice(2)
const pager = await connect({ socket })
const region = await pager.map(image)
const bytes = new Uint8Array(region.buffer)
const part = new Uint8Array(region.view(4096, 4096))
writeSync(1, `before: ${bytes[0]} ${part[0]}\n`)
await region.close()
writeSync(1, `after: ${bytes[0]} ${part[0]}\n`)
