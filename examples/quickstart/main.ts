import { connect } from "pagerd"

const pager = await connect()
const region = await pager.map("model") // however large it is, nothing has been read yet
const model = new Uint8Array(region.buffer)

console.log(model[Math.floor(model.length / 2)]) // this page arrives now, and no other
model[0] = 42 // a private page: nobody else sees it
region.reset()
console.log(model[0]) // the image's byte again
await pager.close()
