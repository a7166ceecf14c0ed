// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { configSchema } from "../../manager/config.js"
import { SessionLog } from "../../manager/sessions/session_log.js"
import { Users } from "../../manager/sessions/users.js"
import { withClock } from "../harness/clock.js"
import { CollectedLog } from "../harness/collected_log.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const visits = 600
/** Two for each visit otherwise, and a line about the refusal. */
const linesMax = 500
const spanMs = 10_000
const usersMax = 256

test("so many lines about one user in ten seconds", async () => {
  const manager = await serveInTest()
  const sessionLines = () => manager.logLines.filter(({ session }) => session !== undefined).length

  for (let visit = 0; visit < visits; visit += 1) {
    const client = new RawClient(manager.socket)
    await client.greet()
    client.send({ type: "unmap", request: 1, region: 1 })
    await client.nextError("unknown_region")
    client.close()
  }

  // A slow machine may have begun a second span.
  const lines = sessionLines()
  assert.ok(lines >= linesMax && lines <= 2 * linesMax, `${lines} lines of ${3 * visits}`)
  await manager.close()
})

/** What lines about users come to: the numbers withheld that those let through tell. */
function startUsers() {
  const unused = { socket: "s", debugSocket: "d", stateDir: "s" }
  const { limits } = configSchema.parse(unused)
  const images = { publishedBy: () => ({ images: 0, lengthBytes: 0n }) }
  const users = new Users(limits, images, { closingFor: () => 0 })
  const say = (uid: number, lines = 1): number[] => {
    const told: number[] = []
    for (let line = 0; line < lines; line += 1) users.spendLine(uid, (count) => told.push(count))
    return told
  }
  const collected = new CollectedLog()
  const scope = { session: "s1", pid: 1, uid: 1, users, limits, log: collected.log }
  return { users, say, log: new SessionLog(scope), lines: collected.lines }
}

test("the rest is counted, and told with the first line of the next span", () => {
  withClock((pass) => {
    const { users, say, log, lines } = startUsers()

    assert.is(say(1, linesMax + 7).length, linesMax)
    users.forget(1)
    pass(spanMs - 1)
    assert.equal(say(1), [], "nor does it help to leave and come again")
    pass(1)

    log.warn({}, "first")
    log.warn({}, "second")
    const told = lines.map(({ user_lines_withheld }) => user_lines_withheld)
    assert.equal(told, [8, undefined])
  })
})

test("each user has as many, and of very many those long gone are forgotten", () => {
  withClock(() => {
    const { say } = startUsers()
    const others = (first: number, end: number) => {
      for (let uid = first; uid < end; uid += 1) assert.equal(say(uid), [0])
    }
    say(1, linesMax)

    others(2, usersMax + 1)
    assert.equal(say(1), [])
    others(usersMax + 1, usersMax + 2)
    assert.equal(say(1), [], "who was heard of just now is known")
    others(usersMax + 2, 2 * usersMax + 2)

    assert.equal(say(1), [0])
  })
})

test.run()
