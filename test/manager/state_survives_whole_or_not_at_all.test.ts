import { spawn } from "node:child_process"
import fs, { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { pino } from "pino"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { ManagerError } from "../../manager/errors.js"
import { StateDirectory } from "../../manager/state/state_directory.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"

const log = pino({ level: "silent" })
const openIn = (path: string) => StateDirectory.open(path, log)
const newPath = () => join(scratchDirectory(), "a", "state")

test("what is written is read, listed and removed, by the next manager too", () => {
  const path = newPath()
  const first = openIn(path)
  first.writeDurably("b.json", Buffer.from("two"))
  first.write("a.json", Buffer.from("one"))
  first.writeDurably("b.json", Buffer.from("three"))
  first.append("c.jsonl", Buffer.from("four\n"))
  first.append("c.jsonl", Buffer.from("five\n"))
  first.close()

  const next = openIn(path)
  assert.equal(next.list(), ["a.json", "b.json", "c.jsonl"])
  assert.is(next.read("b.json")?.toString(), "three")
  assert.is(next.read("c.jsonl")?.toString(), "four\nfive\n")
  next.remove("b.json")
  next.remove("never.there")
  assert.is(next.read("b.json"), undefined)
  assert.equal(next.list(), ["a.json", "c.jsonl"])
  const modes = ["", "a.json", "c.jsonl"].map((name) => statSync(join(path, name)).mode & 0o777)
  assert.equal(modes, [0o700, 0o600, 0o600], "nobody else reads what clients are served")
  next.close()
})

test("bytes reach the disk before their name, and the name before the call returns", () => {
  const state = openIn(newPath())
  const { fsyncSync, renameSync } = fs
  const calls: string[] = []
  const nameOf = (descriptor: number) => basename(fs.readlinkSync(`/proc/self/fd/${descriptor}`))
  fs.fsyncSync = (descriptor) => {
    calls.push(`fsync ${nameOf(descriptor)}`)
    fsyncSync(descriptor)
  }
  fs.renameSync = (from, to) => {
    calls.push(`rename ${basename(String(from))} ${basename(String(to))}`)
    renameSync(from, to)
  }
  syncBuiltinESMExports()

  state.writeDurably("s1", Buffer.from("x"))
  const durable = calls.splice(0)
  state.write("s2", Buffer.from("x"))

  Object.assign(fs, { fsyncSync, renameSync })
  syncBuiltinESMExports()
  assert.equal(durable, ["fsync s1.new", "rename s1.new s1", "fsync state"])
  assert.equal(calls, ["rename s2.new s2"])
  state.close()
})

test("a write that fails leaves the old bytes, says what to do, and is logged once", () => {
  const path = newPath()
  const lines: Record<string, unknown>[] = []
  const state = StateDirectory.open(
    path,
    pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  )
  state.writeDurably("s", Buffer.from("old"))
  mkdirSync(join(path, "s.new")) // Stops even root.

  for (let times = 0; times < 3; times += 1) {
    try {
      state.writeDurably("s", Buffer.from("new"))
      assert.unreachable()
    } catch (error) {
      if (!(error instanceof ManagerError)) throw error
      assert.is(error.code, "state_directory_unusable")
      assert.match(error.message, /^Cannot write .*\/s: EISDIR: .*--state-dir/)
    }
  }
  assert.is(state.read("s")?.toString(), "old")
  assert.match(state.failure ?? "", /EISDIR/)
  fs.rmdirSync(join(path, "s.new"))
  state.writeDurably("s", Buffer.from("new"))

  assert.is(state.failure, undefined)
  assert.is(state.read("s")?.toString(), "new")
  const said = lines.map(({ msg }) => String(msg))
  assert.is(said.length, 2, said.join("\n"))
  assert.match(said[0] ?? "", /cannot keep state: .* would be lost in a crash; .*--state-dir/)
  assert.is(said[1], "state is kept again")
  state.close()
})

test("a writer killed at any moment leaves a whole file and no rest", async () => {
  const path = newPath()
  const program = fileURLToPath(new URL("state_writer.js", import.meta.url))
  const writer = new OwnedProcess("writer", spawn(process.execPath, [program, path, "65536"]))
  await retryUntil("many writes", 20_000, () => writer.stdout.length > 200)
  await writer.kill()
  writeFileSync(join(path, "s.new"), "half")

  const state = openIn(path)

  const bytes = state.read("s") ?? Buffer.alloc(0)
  assert.is(bytes.length, 65_536)
  assert.ok(bytes.every((byte) => byte === bytes[0]))
  assert.equal(readdirSync(path).sort(), ["manager.lock", "s"])
  state.close()
})

test("only plain names are taken, and nothing beside the directory is touched", () => {
  const path = newPath()
  const state = openIn(path)

  for (const name of ["", "..", ".x", "a/b", "../x", "manager.lock", "x.new", "a\0", "é"]) {
    assert.throws(() => state.write(name, Buffer.of(1)), /names no state file/, name)
    assert.throws(() => state.read(name), /names no state file/, name)
    assert.throws(() => state.remove(name), /names no state file/, name)
  }
  assert.not.ok(existsSync(join(path, "..", "x")))
  state.close()
  assert.throws(() => state.read("s"), /is closed/)
})

test.run()
