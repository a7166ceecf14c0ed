import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { FromServer, ServerJob, ToServer } from "./messages.js"
import { type Order, serveOrder } from "./shop.js"
import { findLandlord, type Landlord } from "./tenancy.js"

/** The server's process: every request has an instance to itself. */
const ended = new AbortController()

process.on("message", (message: ToServer) => {
  if (message.type === "end") ended.abort()
  else serve(message.job).catch(fail)
})
// Whoever started it is gone.
process.on("disconnect", () => process.exit())

async function serve(job: ServerJob): Promise<void> {
  const landlord = await findLandlord(job)
  const server = createServer((request, response) => {
    answer(request, response, landlord, job.database).catch((error: Error) => {
      response.writeHead(500).end(error.stack)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  tell({ type: "serving", serving: { port, mode: landlord.mode, why: landlord.why } })

  const before = process.cpuUsage()
  if (!ended.signal.aborted) await once(ended.signal, "abort")
  const { user, system } = process.cpuUsage(before)
  server.closeAllConnections()
  server.close()
  await landlord.close()
  const served = { resets: landlord.resets, cpuMs: (user + system) / 1000 }
  tell({ type: "ended", served }, () => process.disconnect())
}

/** The instance is taken before the body is there: tenancies overlap as requests do. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  landlord: Landlord,
  database: number,
): Promise<void> {
  const tenancy = await landlord.begin()
  try {
    const receipt = serveOrder(tenancy.instance, database, await readOrder(request))
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(receipt))
  } finally {
    await tenancy.end()
  }
}

async function readOrder(request: IncomingMessage): Promise<Order> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as Order
}

function fail(error: Error): void {
  tell({ type: "failed", message: error.message }, () => process.exit(1))
}

function tell(message: FromServer, then = (): void => {}): void {
  process.send?.(message, then)
}
