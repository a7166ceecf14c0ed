import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ConfigInput } from "../../manager/config.js"
import { resolveConfig } from "../../manager/config_file.js"
import { ManagerError } from "../../manager/errors.js"
import { scratchDirectory } from "../harness/scratch.js"

const environment = { HOME: "/home/x", XDG_RUNTIME_DIR: "/run/user/7" }

function fileOf(text: string): string {
  const path = join(scratchDirectory(), "pagerd.toml")
  writeFileSync(path, text)
  return path
}

const resolveFile = (text: string, given: ConfigInput = {}) =>
  resolveConfig({ given, environment, file: fileOf(text) })

function refusalOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof ManagerError && error.code === "config_invalid") return error.message
    throw error
  }
  throw new Error("the settings were taken")
}

const wrongFiles: [string, RegExp][] = [
  ["[limits]\nsessions_max = 0", /^Setting limits\.sessions_max is 0: .*>=1 \(configuration file/],
  ['[limits]\nsessions_max = "many"', /^Setting limits\.sessions_max is "many": .*number/],
  ["[limits]\nsession_max = 4", /^There is no setting "session_max" in \[limits\]/],
  ["sokcet = '/tmp/x'", /^There is no setting "sokcet"/],
  ["[engine]\nwindow_bytes_default = 5000", /^Setting engine\.window_bytes_default is 5000: /],
  ["log_level = 'loud'", /^Setting log_level is "loud": .*"info"/],
  ["pass_device = 'some'", /^Setting pass_device is "some": /],
  [
    "[images]\na = { source = '/x', writeable = true }",
    /^There is no setting "writeable" in \[images\.a\]/,
  ],
  [
    "[images]\na = { writable = true }",
    /^Setting images\.a is {.*: it is a path or URL, or a table/,
  ],
  ["[images]\na = { source = '/x', allow_uids = [-1] }", /^Setting images\.a/],
  ["[clients]\nallow_uids = 7", /^Setting clients\.allow_uids is 7: .*array/],
  ["[clients]\nallow_users = [7]", /^There is no setting "allow_users" in \[clients\]/],
  ["[images]\na = 7", /^Setting images\.a is 7: it is a path or URL, or a table of source,/],
  ["[limits\n", /^Configuration file .*pagerd\.toml is no valid TOML: /],
]

for (const [text, sentence] of wrongFiles) {
  test(`${JSON.stringify(text)}`, () => {
    assert.match(
      refusalOf(() => resolveFile(text)),
      sentence,
    )
  })
}

test("a file that is not there", () => {
  const file = "/nonexistent/pagerd.toml"
  const refusal = refusalOf(() => resolveConfig({ given: {}, environment, file }))
  assert.match(refusal, /^Configuration file \/nonexistent\/pagerd\.toml cannot be read: ENOENT/)
})

test("what is given goes ahead of the environment, that of the file, that of the defaults", () => {
  const text = "socket = '/file.sock'\ndebug_socket = '/file.debug'\nstate_dir = '/file.state'\n"
  const given = { socket: "/given.sock" }
  const named = { ...environment, PAGERD_SOCKET: "/env.sock", PAGERD_DEBUG_SOCKET: "/env.debug" }

  const config = resolveConfig({ given, environment: named, file: fileOf(text) })
  const defaults = resolveConfig({ given: {}, environment, file: undefined })

  assert.is(config.socket, "/given.sock")
  assert.is(config.debugSocket, "/env.debug")
  assert.is(config.stateDir, "/file.state")
  assert.is(defaults.socket, "/run/user/7/pagerd/pagerd.sock")
})

test("a group of settings keeps what it does not name, images keep their names", () => {
  const text = "socket_mode = 0o600\n[images]\nmy_model = '/m'\n[sources]\nbackoff_ms = 7\n"

  const config = resolveFile(text, { sources: { attemptsMax: 2 } })

  assert.is(config.socketMode, 0o600)
  assert.equal(config.images, { my_model: "/m" })
  assert.is(config.sources.backoffMs, 7)
  assert.is(config.sources.attemptsMax, 2)
  assert.is(config.sources.readsInFlightMax, 16)
})

test("an image in a file has a source, and may be writable and loaded", () => {
  const text = "[images]\nplain = '/p'\nmy_board = { source = '/b', writable = true }\n"

  const { images } = resolveFile(text)

  assert.equal(images, { plain: "/p", my_board: { source: "/b", writable: true, load: false } })
})

test("who may come, and who sees an image, are lists of ids in a file", () => {
  const text =
    "[clients]\nallow_uids = [1, 2]\nallow_gids = [3]\n" +
    "[images]\na_b = { source = '/x', allow_uids = [4], allow_gids = [] }\n"

  const { clients, images } = resolveFile(text)

  assert.equal(clients, { allowUids: [1, 2], allowGids: [3] })
  const rule = { allowUids: [4], allowGids: [] }
  assert.equal(images, { a_b: { source: "/x", writable: false, load: false, ...rule } })
})

test.run()
