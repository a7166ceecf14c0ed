import { spawn } from "node:child_process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { OwnedProcess } from "../harness/owned_process.js"
import { retryUntil } from "../harness/retry.js"

const endSignals = new URL("../../manager/cli/serve/end_signals.js", import.meta.url).href

/** A process whose drain never ends, as it were: it says which signal came first. */
const program = `
  import { awaitEndSignal } from ${JSON.stringify(endSignals)}
  const first = awaitEndSignal()
  setInterval(() => {}, 1_000_000)
  console.log("waiting")
  console.log(await first)`

async function exitCodeAfter(first: NodeJS.Signals, second: NodeJS.Signals): Promise<unknown> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program])
  const waiting = new OwnedProcess("drain", child)
  await retryUntil("the start", 20_000, () => waiting.stdout.includes("waiting"))
  child.kill(first)
  await retryUntil("the first signal", 20_000, () => waiting.stdout.includes(first))
  child.kill(second)
  return (await waiting.ended()).code
}

test("SIGTERM twice exits with 143, SIGINT last with 130", async () => {
  assert.is(await exitCodeAfter("SIGTERM", "SIGTERM"), 143)
  assert.is(await exitCodeAfter("SIGTERM", "SIGINT"), 130)
  assert.is(await exitCodeAfter("SIGINT", "SIGINT"), 130)
})

test.run()
