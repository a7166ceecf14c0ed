// time limit: 240 s
import { execFileSync } from "node:child_process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { pagerdCommand } from "../harness/repository.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"
import { runChaos } from "./run_chaos.js"

const hasTakeover = (): boolean =>
  execFileSync(process.execPath, [pagerdCommand, "serve", "--help"]).includes("--takeover")

test("killed managers cost no byte, no client, no call and no descriptor", async () => {
  if (!hasTakeover()) {
    skipLoudly("machine", "this pagerd takes over no sessions yet")
    return
  }
  const adoption = isRoot ? ["--adoption"] : []

  const { code, report, output } = await runChaos("--kills", "6", "--seconds", "25", ...adoption)

  assert.is(code, 0, output)
  assert.ok(report.kills >= 1, output)
  assert.is(report.pages_poisoned, 0)
})

test.run()
