// time limit: 240 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import { isRoot } from "../harness/user.js"
import { runChaos } from "./run_chaos.js"

/** The first thing that is done with this seed is a kill. What comes after differs in time. */
const seed = "1"
/** Others may use the machine too: who stands still for so long will not go on by itself. */
const patienceMs = "60000"

test("killed managers cost no byte, no client, no call and no descriptor", async () => {
  const adoption = isRoot ? ["--adoption"] : []
  const short = ["--kills", "6", "--seconds", "15", "--clients", "4", "--model-mib", "16"]
  const fixed = ["--seed", seed, "--patience-ms", patienceMs]

  const { code, report, output } = await runChaos(...short, ...fixed, ...adoption)

  assert.is(code, 0, output)
  assert.ok(report.kills >= 1, output)
  assert.ok(report.steps_served > 100, output)
  assert.is(report.pages_poisoned, 0)
})

test.run()
