import { test } from "uvu"
import * as assert from "uvu/assert"
import { type FakeDebugSocket, startFakeDebugSocket } from "./fake_debug_socket.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

const names = () => debug.manager.imageList.map(({ name }) => name)

async function add(name: string): Promise<void> {
  const body = JSON.stringify({ name, source: "/srv/images/file" })
  const reply = await debug.ask("POST", "/v1/images", body)
  assert.is(reply.status, 201)
  assert.is((reply.json() as { name: string }).name, name)
}

test("such an image is added, and removed by its name as it is or escaped", async () => {
  await add("teams/blue/model")
  await add("teams/red/model")

  const plain = await debug.ask("DELETE", "/v1/images/teams/blue/model")
  const escaped = await debug.ask("DELETE", "/v1/images/teams%2Fred%2Fmodel")

  assert.is(plain.status, 204)
  assert.is(escaped.status, 204)
  assert.equal(names(), ["model", "u1000/sqlite.db"])
})

test("such an image is loaded, by its name as it is or escaped, also one named load", async () => {
  await add("teams/blue/load")
  const isLoaded = () => debug.manager.imageList.find(({ name }) => name === "teams/blue/load")

  const plain = await debug.ask("POST", "/v1/images/u1000/sqlite.db/load")
  const escaped = await debug.ask("POST", "/v1/images/teams%2Fblue%2Fload/load")
  const verbAlone = await debug.ask("POST", "/v1/images/teams/blue/load")

  assert.is((plain.json() as { fully_resident: boolean }).fully_resident, true)
  assert.is(escaped.status, 200)
  assert.is(isLoaded()?.fully_resident, true)
  assert.is(verbAlone.status, 404)
  assert.match(verbAlone.text, /no image teams\/blue/)
})

test("a name with dots is not taken for another path", async () => {
  await add("old/../model")

  const reply = await debug.ask("DELETE", "/v1/images/old/../model")

  assert.is(reply.status, 204)
  assert.equal(names(), ["model", "u1000/sqlite.db"])
})

test.run()
