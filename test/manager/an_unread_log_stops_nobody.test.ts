import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { constants, openSync, readSync, writeSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { LogOutput } from "../../manager/log_output.js"
import type { StatsView } from "../../manager/view.js"
import { DebugSocket } from "../harness/debug_socket.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { pagerdCommand } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { RawClient } from "./raw_client.js"

const budgetMs = 20_000
const talkative = fileURLToPath(new URL("talkative_manager.js", import.meta.url))

/**
 * A pipe that nobody reads unless the test does. `theirs` is another opening of it, which blocks
 * whoever writes to it while it is full, as pipes do.
 */
function namedPipe(): { ours: number; theirs: number } {
  const path = join(scratchDirectory(), "pipe")
  execFileSync("mkfifo", [path])
  const ours = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  return { ours, theirs: openSync(path, constants.O_WRONLY) }
}

/** Fills it up, as a reader that has stopped lets it become. */
function fill(pipe: number): void {
  for (;;) {
    try {
      writeSync(pipe, "\n")
    } catch {
      return
    }
  }
}

/** What is in it now. */
function readAll(pipe: number): string {
  const parts: Buffer[] = []
  const part = Buffer.alloc(65_536)
  for (;;) {
    try {
      parts.push(Buffer.from(part.subarray(0, readSync(pipe, part))))
    } catch {
      return Buffer.concat(parts).toString()
    }
  }
}

async function startTalkative(stderr: number | "pipe") {
  const directory = scratchDirectory()
  const child: ChildProcess = spawn(process.execPath, [talkative, directory], {
    stdio: ["pipe", "pipe", stderr],
  })
  child.stderr?.pause() // It stays so, whoever listens for what comes.
  const manager = new OwnedProcess("talkative manager", child)
  await retryUntil("a manager that serves", budgetMs, () => manager.stdout.includes("serving\n"))
  const talk = (lines: number) => void child.stdin?.write(`${lines}\n`)
  return { manager, directory, talk }
}

async function checkServed(directory: string): Promise<StatsView> {
  const client = new RawClient(join(directory, "pagerd.sock"))
  await client.greet()
  client.request({ type: "image", image: "none" })
  await client.nextError("unknown_image")
  client.close()
  return new DebugSocket(join(directory, "debug.sock")).get<StatsView>("/v1/stats")
}

test("10,000 lines into a pipe that nobody reads: clients are served, losses counted", async () => {
  const pipe = namedPipe()
  const { manager, directory, talk } = await startTalkative(pipe.theirs)

  talk(10_000)
  await retryUntil("the lines' end", budgetMs, () => manager.stdout.includes("logged\n"))
  const stats = await checkServed(directory)

  assert.ok(stats.log_lines_dropped > 4_000, `${stats.log_lines_dropped} lines dropped`)
  let text = ""
  await retryUntil("word of what was dropped", budgetMs, () => {
    text += readAll(pipe.ours)
    return text.includes("lines_dropped") && text.endsWith("\n")
  })
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  const numbers = lines.flatMap(({ number }) => (number === undefined ? [] : [number]))
  assert.equal(numbers, [...numbers.keys()], "what is kept is in order and without a gap")
  const told = lines.find(({ lines_dropped }) => lines_dropped !== undefined)
  assert.is(told.lines_dropped, stats.log_lines_dropped)
  assert.ok(numbers.length + told.lines_dropped >= 10_000)
  await manager.kill()
})

test("the same where standard error is a socket, as under a service manager", async () => {
  const { manager, directory, talk } = await startTalkative("pipe")

  talk(10_000)
  await retryUntil("the lines' end", budgetMs, () => manager.stdout.includes("logged\n"))
  const stats = await checkServed(directory)

  assert.ok(stats.log_lines_dropped > 4_000, `${stats.log_lines_dropped} lines dropped`)
  await manager.kill()
})

function startBesideFullPipe(env: NodeJS.ProcessEnv = {}) {
  const pipe = namedPipe()
  fill(pipe.ours)
  const directory = scratchDirectory()
  const paths = ["--socket", join(directory, "pagerd.sock"), "--state-dir", join(directory, "s")]
  const words = [...paths, "--debug-socket", join(directory, "debug.sock")]
  const child = spawn(process.execPath, [pagerdCommand, "serve", ...words], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", pipe.theirs],
  })
  return { manager: new OwnedProcess("pagerd", child), child, directory }
}

test("a manager whose log is stuck from the start serves, and drains with 0", async () => {
  const { manager, child, directory } = startBesideFullPipe()
  await retryUntil("its ready line", budgetMs, () => manager.stdout.endsWith("\n"))

  await checkServed(directory)
  child.kill("SIGTERM")

  assert.is((await manager.ended()).code, 0)
})

test("a bug ends it with 70 even if nobody reads why", async () => {
  const planted = "setTimeout(() => { throw new RangeError('planted') }, 1000)"
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(planted)}` }

  const { manager } = startBesideFullPipe(env)

  assert.is((await manager.ended()).code, 70)
})

test("what nobody can ever read is counted, and told to who comes to read", () => {
  let isGone = true
  let written = ""
  const writeAtOnce = (_: number, bytes: Uint8Array) => {
    if (isGone) throw new Error("EPIPE")
    written += Buffer.from(bytes).toString()
    return bytes.length
  }
  const native = { openOutput: (own: number) => own, writeAtOnce, hasRoomWithin: () => true }
  const output = new LogOutput(native, 2)

  output.write("first\n")
  output.write("second\n")
  assert.is(output.linesDropped, 2)
  isGone = false
  output.write("third\n")

  assert.match(written, /^third\n\{.*"lines_dropped":2,.*\}\n$/)
})

test("last words go ahead of what waits, and never into the middle of a line", () => {
  let room = 3
  let written = ""
  const writeAtOnce = (_: number, bytes: Uint8Array) => {
    const taken = Buffer.from(bytes.subarray(0, room))
    room -= taken.length
    written += taken.toString()
    return taken.length
  }
  const hasRoomWithin = () => {
    room = 1_000
    return true
  }
  const output = new LogOutput({ openOutput: (own) => own, writeAtOnce, hasRoomWithin }, 2)

  output.write("first\n")
  output.write("second\n")
  output.writeWithin("last words\n", 1_000)

  assert.is(written, "first\nlast words\nsecond\n")
})

test.run()
