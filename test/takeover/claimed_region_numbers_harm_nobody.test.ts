// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { RawClient } from "../manager/raw_client.js"
import { serveInTest } from "../manager/serving.js"
import { identityOf, ResumingClient } from "./resuming.js"

const page = 4096
const greatest = 0xffff_ffff

const serving = () => serveInTest({ images: { model: patternFile(4 * page, 1) } })

test("the greatest number is the last: none is given twice after it", async () => {
  const manager = await serving()
  const client = new ResumingClient(manager.socket)
  await client.raw.greet()
  const model = await identityOf(client.raw, "model")
  for (const region of [1, greatest]) {
    client.claim({ ...model, region })
    assert.is((await client.raw.next("mapped")).region, region)
  }

  const answers = []
  for (let more = 0; more < 3; more += 1) {
    const address = client.memory + BigInt((8 + more) * page)
    const range = { address, length_bytes: page, offset_bytes: 0, window_bytes: 0 }
    client.raw.request({ type: "map", image: "model", mode: "copy", ...range })
    answers.push(await client.raw.nextOfAny())
  }

  for (const answer of answers) assert.is(answer.type, "error")
  assert.match((answers[0] as { message: string }).message, /no number is left in this session$/)
  client.claim({ ...model, region: 7 })
  assert.is((await client.raw.next("mapped")).region, 7)
  client.close()
  await manager.close()
})

test("one that the session has is refused, and stays what it is", async () => {
  const manager = await serving()
  const client = new ResumingClient(manager.socket)
  await client.raw.greet()
  const model = await identityOf(client.raw, "model")
  client.claim({ ...model, region: 5 })
  await client.raw.next("mapped")

  client.claim({ ...model, region: 5 })

  assert.match(await client.raw.nextError("region_overlap"), /this session has a region 5$/)
  assert.is(manager.inspect.sessions()[0]?.regions, 1)
  client.close()
  await manager.close()
})

test("one that another session has is another region", async () => {
  const manager = await serving()
  const clients = [new ResumingClient(manager.socket), new ResumingClient(manager.socket)] as const
  for (const client of clients) {
    await client.raw.greet()
    client.claim({ ...(await identityOf(client.raw, "model")), region: 5 })
    await client.raw.next("mapped")
  }

  clients[1].raw.request({ type: "unmap", region: 5 })
  await clients[1].raw.next("unmapped")

  const regions = manager.inspect.sessions().map((session) => session.regions)
  assert.equal(regions, [1, 0])
  for (const client of clients) client.close()
  await manager.close()
})

test("the name of another's session gives nothing of it", async () => {
  const manager = await serving()
  const victim = new ResumingClient(manager.socket)
  const { session } = await victim.raw.greet()
  victim.claim({ ...(await identityOf(victim.raw, "model")), region: 5 })
  await victim.raw.next("mapped")
  const thief = new RawClient(manager.socket)
  const hello = { type: "hello", version: 1, client: "raw", want_device: false, resumes: true }

  thief.send({ ...hello, resumed_session: session })
  const welcome = await thief.next("welcome")
  thief.request({ type: "unmap", region: 5 })
  await thief.nextError("unknown_region")

  assert.is.not(welcome.session, session)
  const sessions = manager.inspect.sessions()
  assert.equal(
    sessions.map(({ regions }) => regions),
    [1, 0],
  )
  victim.close()
  thief.close()
  await manager.close()
})

test.run()
