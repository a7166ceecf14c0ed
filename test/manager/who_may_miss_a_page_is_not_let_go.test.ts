// Invariant 2.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { Populations } from "../../manager/sessions/populations.js"
import type { Session } from "../../manager/sessions/session.js"
import { CollectedLog } from "../harness/collected_log.js"

async function populated(refusal: string) {
  const { log } = new CollectedLog()
  const errors: string[] = []
  let releases = 0
  const session = {
    ...{ id: "s1", peer: { pid: 1 }, state: "active", space: 7, population: undefined },
    regions: { list: () => [{ region: 1 }] },
    noteError: (_: string, message: string) => errors.push(message),
    release: async () => {
      releases += 1
    },
  }
  const engine = { populate: async () => 5n, unregister: async () => refusal }
  const populations = new Populations(engine, { whenQuiet: async () => {} }, log)
  const isLetGo = await populations.run(session as unknown as Session, 1 << 20)
  return { isLetGo, releases, errors }
}

test("the engine's word decides, though every region was filled", async () => {
  const refused = await populated("some of its pages are poison")
  assert.equal([refused.isLetGo, refused.releases], [false, 0])
  assert.match(String(refused.errors), /depends on the manager: some of its pages are poison/)
  assert.equal(await populated(""), { isLetGo: true, releases: 1, errors: [] })
})

test.run()
