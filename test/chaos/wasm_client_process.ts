/**
 * A client in TypeScript: tenants of a pool of wasm instances, each of which must find the image's
 * memory and nothing of those before it, and a region whose bytes must be the image's.
 *
 *   wasm_client_process.js SOCKET BOOKS SLOT MODE IMAGE SEED PAGES
 */
import { createInterface } from "node:readline"
import { setTimeout as delay } from "node:timers/promises"
import { buildImage, connect, type Mode } from "../../client/index.js"
import {
  initialisedBytes,
  type MeasuredExports,
  measuredModule,
} from "../bench/instances/module.js"
import { OwnSlot } from "./books.js"
import { imageBytes, pageBytes } from "./images.js"
import { Random } from "./random.js"

const memoryBytes = 2 << 20
const [socket = "", books = "", slotNumber, mode, name = "", seed, pages] = process.argv.slice(2)
const image = { name, seed: Number(seed), pages: Number(pages) }
const random = new Random(process.pid)
const slot = new OwnSlot(books, Number(slotNumber), "wasm")
const words: string[] = []
const pauseMs = 1

/** The next word of the parent; without one there is no parent. */
const orders = createInterface(process.stdin)[Symbol.asyncIterator]()
async function awaitWord(): Promise<void> {
  const { value, done } = await orders.next()
  if (done) process.exit(4)
  words.push(value)
}

const snapshot = initialisedBytes(memoryBytes)
const firstWords = new BigInt64Array(snapshot.buffer)
const pager = await connect({ socket })
const wasm = await buildImage(measuredModule(memoryBytes, snapshot))
const pool = await pager.pool<MeasuredExports>(wasm, { slots: 2, mode: mode as Mode })
const region = await pager.map(name, { mode: mode === "cow" ? "share" : (mode as Mode) })

function checkTenant({ sum, write }: MeasuredExports): void {
  const page = random.below(memoryBytes / pageBytes) * pageBytes
  const found = sum(page, page + 8, 8)
  if (found !== firstWords[page / 8]) {
    slot.count("wrong")
    console.log(`wrong wasm: a tenant finds ${found} at ${page}, wanted ${firstWords[page / 8]}`)
  }
  write(page, page + pageBytes, 8, 1n)
}

function checkRegion(page: number): void {
  const found = Buffer.from(region.buffer, page * pageBytes, pageBytes)
  if (found.equals(imageBytes(image, page * pageBytes, pageBytes))) return
  slot.count("wrong")
  console.log(`wrong wasm: page ${page} begins with ${found.toString("hex", 0, 8)}`)
}

async function step(): Promise<void> {
  const lease = await pool.take()
  checkTenant(lease.exports)
  await lease.release()
  const page = random.below(image.pages)
  const startedNs = process.hrtime.bigint()
  await region.prefault(page * pageBytes, pageBytes)
  checkRegion(page)
  slot.endStep(startedNs, 2 * pageBytes)
  if (random.once(64)) region.reset()
}

function tellFailure(error: unknown): void {
  slot.count("failed")
  const { code, message } = error as { code?: string; message?: string }
  console.log(`failed wasm: ${code}: ${message}`)
}

// What Node opens on first use is open from here on.
for (let warm = 0; warm < 50; warm++) await step().catch(tellFailure)
console.log("ready")
await awaitWord()
slot.isRunning = true
const stopped = awaitWord()
while (words.length < 2) {
  await step().catch(tellFailure)
  await delay(pauseMs)
}
await stopped
slot.isRunning = false
console.log("quiet")
await awaitWord()
await pool.close()
await region.close()
await pager.close()
process.exit(0)
