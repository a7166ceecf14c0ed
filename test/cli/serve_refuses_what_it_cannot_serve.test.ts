import { dirname, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { runPagerd } from "./run_pagerd.js"

/** `pagerd serve` with paths of its own and these arguments; it is expected not to serve. */
function serve(...args: string[]) {
  const directory = scratchDirectory()
  const paths = ["--socket", join(directory, "p.sock"), "--debug-socket", join(directory, "d.sock")]
  return runPagerd(["serve", ...paths, "--state-dir", join(directory, "state"), ...args])
}

test("an --image that is no NAME=SOURCE is wrong usage", async () => {
  const wrong: [args: string[], words: RegExp][] = [
    [["--image", "model"], /It must be NAME=SOURCE; "model" has no "="/],
    [["--image", "../x=/y"], /The name "\.\.\/x" is none: an image name is letters/],
    [["--image", "=/y"], /The name "" is none/],
    [["--image", "model="], /The image model has no source behind "="/],
    [["--image", "a=/x", "--image", "a=/y"], /a is named twice/],
    [["--threads", "0"], /whole number from 1 to 64/],
    [["--log-level", "loud"], /Allowed choices are fatal, error/],
  ]
  for (const [args, words] of wrong) {
    const { code, stderr } = await serve(...args)

    assert.match(stderr, words)
    assert.is(code, 2, args.join(" "))
  }
})

test("an image or a configuration that is not there exits with 1 and its path", async () => {
  const image = await serve("--image", "model=/nonexistent/model.bin")
  const layer = await serve("--image", "vm=/etc/passwd,/nonexistent/diff.mem")
  const config = await serve("--config", "/nonexistent/pagerd.toml", "--json")

  assert.is(image.code, 1)
  assert.is(image.stdout, "")
  assert.match(image.stderr, /^pagerd: .*\/nonexistent\/model\.bin/m)
  assert.is(layer.code, 1)
  assert.match(layer.stderr, /Cannot take \/nonexistent\/diff\.mem \(layer 2 of 2\) as an image/)
  assert.is(config.code, 1)
  assert.match(config.stderr, /"code":"config_invalid".*\/nonexistent\/pagerd\.toml/)
})

test("a second manager with the socket or state of another exits with 4", async () => {
  const manager = await startManager()
  const stateDir = join(dirname(manager.socket), "state")

  const second = await serve("--socket", manager.socket)
  const third = await serve("--state-dir", stateDir, "--json")
  const health = await manager.debug.ask("GET", "/healthz")
  await manager.stop()

  assert.is(second.code, 4)
  assert.match(second.stderr, /pagerd: Another manager listens on .*: end it, or name another/)
  assert.is(third.code, 4)
  assert.match(third.stderr, /"code":"state_directory_locked".*end it, or give this one/)
  assert.is(health.status, 200)
})

test("its help says what its exit codes mean", async () => {
  const { code, stdout } = await runPagerd(["serve", "--help"])

  assert.is(code, 0)
  assert.match(stdout, /Exit codes:\n {2}0 {2}done\n(.*\n)* {2}4 {2}serve: another manager/)
})

test.run()
