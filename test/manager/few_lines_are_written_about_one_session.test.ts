import { test } from "uvu"
import * as assert from "uvu/assert"
import { configSchema } from "../../manager/config.js"
import { SessionLog } from "../../manager/sessions/session_log.js"
import { Users } from "../../manager/sessions/users.js"
import { withClock } from "../harness/clock.js"
import { CollectedLog } from "../harness/collected_log.js"

const times = 40
const spanMs = 10_000

function startLog() {
  const { limits } = configSchema.parse({ socket: "s", debugSocket: "d", stateDir: "s" })
  const images = { publishedBy: () => ({ images: 0, lengthBytes: 0n }) }
  const users = new Users(limits, images, { closingFor: () => 0 })
  const { log, lines } = new CollectedLog()
  return { lines, log: new SessionLog({ session: "s1", pid: 1, uid: 1, users, limits, log }) }
}

const at = { space: 1, region: 1, image: 1, offsetBytes: 0n }
const fault = { kind: "poisoned", reason: "lost", ...at } as const

for (const [what, linesMax, say] of [
  ["poisoned pages", 5, (log: SessionLog) => log.poisoned(fault)],
  ["refused requests", 5, (log: SessionLog) => log.refused("busy", "no")],
  ["want of memory", 1, (log: SessionLog) => log.starved(1)],
  ["frames that come too fast", 1, (log: SessionLog) => log.throttled()],
  ["children that are not served", 1, (log: SessionLog) => log.unservedChild()],
] as const) {
  test(`of ${what} ${linesMax} in ten seconds, and a count of the others`, () => {
    withClock((pass) => {
      const { log, lines } = startLog()

      for (let time = 0; time < times; time += 1) say(log)
      assert.is(lines.length, linesMax)
      pass(spanMs)
      say(log)

      assert.is(lines[linesMax]?.lines_withheld, times - linesMax)
    })
  })
}

test("one kind takes no lines of another", () => {
  withClock(() => {
    const { log, lines } = startLog()
    for (let time = 0; time < times; time += 1) log.refused("busy", "no")
    lines.length = 0

    log.starved(1)
    log.poisoned(fault)
    log.unservedChild()
    log.throttled()

    assert.is(lines.length, 4)
  })
})

test.run()
