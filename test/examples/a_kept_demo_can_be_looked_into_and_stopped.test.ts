import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { isRunning } from "../harness/observed_process.js"
import { retryUntil } from "../harness/retry.js"
import { startSmallDemo } from "./small_demo.js"

const run = promisify(execFile)

/** The commands that the demo prints, indented below a sentence that ends with a colon. */
const commandsBelow = (sentence: string, text: string): string[] =>
  (text.split(`${sentence}:\n`)[1] ?? "")
    .split("\n")
    .filter((_, index, lines) => lines.slice(0, index + 1).every((line) => line.startsWith("  ")))
    .map((line) => line.trim())

test("every command that it prints does what it says", async () => {
  const demo = startSmallDemo({ args: ["--keep"] })
  const { code, stdout, stderr } = await demo.ended
  const pid = Number(/The manager stays up, pid (\d+)/.exec(stdout)?.[1])

  assert.is(code, 0, stderr)
  assert.is(isRunning(pid), true)
  const inspections = commandsBelow("Look inside", stdout)
  const [stop] = commandsBelow("Stop it", stdout)
  assert.is(inspections.length, 4)
  for (const command of inspections.filter((command) => !/ top /.test(command))) {
    const answer = await run("sh", ["-c", command])
    if (command.includes("/v1/images")) {
      const images = JSON.parse(answer.stdout) as { name: string }[]
      assert.equal(images.map(({ name }) => name).sort(), ["index", "sqlite"])
    }
  }

  await run("sh", ["-c", stop ?? "false"])
  await retryUntil("the manager's end", 10_000, () => !isRunning(pid))
  await retryUntil("an empty directory", 10_000, () => demo.leftovers().length === 0)
})

test.run()
