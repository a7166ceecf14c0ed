// time limit: 120 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import { runChaos } from "./run_chaos.js"

test("stops, failing sources, killed neighbours, no descriptors: all cost time only", async () => {
  const kinds = "stop,source,client,descriptors"
  const short = ["--seconds", "8", "--clients", "4", "--model-mib", "16", "--patience-ms", "60000"]

  const { code, report, output } = await runChaos(...short, "--only", kinds)

  assert.is(code, 0, output)
  assert.ok(Object.keys(report.disturbances).length >= 1, output)
  assert.is(report.pages_poisoned, 0)
})

test.run()
