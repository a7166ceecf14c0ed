import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import { pagerdCommand } from "../harness/repository.js"
import { skipLoudly } from "../harness/skip.js"

const enter = "\x1b[?1049h"
const leave = "\x1b[?1049l"
const showCursor = "\x1b[?25h"

/** Runs `pagerd top` in a terminal of its own, and ends it by `end` once it has drawn. */
async function runInTerminal(end: (input: NodeJS.WritableStream) => void): Promise<string> {
  const debug = await startFakeDebugSocket()
  const line = `${process.execPath} ${pagerdCommand} top --interval 0.1; echo "ended $?"`
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", PAGERD_DEBUG_SOCKET: debug.path },
    stdio: ["pipe", "pipe", "inherit"],
  })
  let screen = ""
  let hasEnded = false
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text
    if (hasEnded || !screen.includes("FAULTS/S")) return
    hasEnded = true
    end(child.stdin)
  })
  await once(child, "close")
  await debug.close()
  return screen
}

for (const [name, key] of [
  ["q", "q"],
  ["Ctrl-C", "\x03"],
] as const) {
  test(`after ${name} the old screen and the cursor are back`, async () => {
    if (spawnSync("script", ["--version"]).error) return skipLoudly("machine", "no script(1)")

    const screen = await runInTerminal((input) => input.write(key))

    assert.ok(screen.includes(enter))
    assert.ok(screen.lastIndexOf(leave) > screen.lastIndexOf("FAULTS/S"))
    assert.ok(screen.lastIndexOf(showCursor) > screen.lastIndexOf("FAULTS/S"))
    assert.match(screen.slice(screen.lastIndexOf(leave)), /ended 0/)
  })
}

test.run()
