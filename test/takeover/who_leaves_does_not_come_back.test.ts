import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import type { StatsView } from "../../manager/view.js"
import { startManager } from "../harness/manager.js"

const visits = 100

test("a manager that closes the connection of who said bye is not connected to again", async () => {
  const manager = await startManager()

  for (let visit = 0; visit < visits; visit++) {
    const pager = await connect({ socket: manager.socket })
    await pager.close()
  }

  const { sessions_total } = await manager.debug.get<StatsView>("/v1/stats")
  assert.is(sessions_total, visits)
  await manager.stop()
})

test.run()
