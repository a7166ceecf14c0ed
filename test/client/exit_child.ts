/** Exits while a call waits for a manager that is stopped. Arguments: the socket, its pid. */
import { connect } from "../../client/index.js"

const [socket = "", managerPid = ""] = process.argv.slice(2)
const pager = await connect({ socket })
const region = await pager.map("image")
process.kill(Number(managerPid), "SIGSTOP")
void region.prefault()
// The call has begun: it took a thread of the pool when it was made.
setImmediate(() => process.exit(3))
