import { test } from "uvu"
import * as assert from "uvu/assert"
import { LogBudget } from "../../manager/log.js"
import { retryUntil } from "../harness/retry.js"
import { serveInTest } from "./serving.js"

const hourMs = 3_600_000

for (const [jump, byMs] of [
  ["back", -hourMs],
  ["ahead", hourMs],
] as const) {
  test(`a clock set ${jump} changes no span of time`, async () => {
    const manager = await serveInTest({})
    const lines = new LogBudget(1, 1_000)
    let written = 0
    lines.spend(() => written++)
    const now = Date.now
    const before = manager.inspect.info().uptime_s

    Date.now = () => now() + byMs
    lines.spend(() => written++)
    const after = await retryUntil("a later look", 5_000, () => {
      const { uptime_s } = manager.inspect.info()
      return uptime_s !== before && uptime_s
    })
    Date.now = now

    assert.ok(after > before && after < before + 60, `${before} s, then ${after} s`)
    assert.is(written, 1)
    await manager.close()
  })
}

test.run()
