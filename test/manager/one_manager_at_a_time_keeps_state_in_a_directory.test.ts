import { chmodSync, chownSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pino } from "pino"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { ManagerError } from "../../manager/errors.js"
import { StateDirectory } from "../../manager/state/state_directory.js"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"

const log = pino({ level: "silent" })

function refusalOf(path: string): ManagerError {
  try {
    StateDirectory.open(path, log).close()
  } catch (error) {
    if (error instanceof ManagerError) return error
    throw error
  }
  throw new Error(`${path} was opened`)
}

test("a second one is refused and told who has it; a killed one is no hindrance", async () => {
  const manager = await startManager()
  const path = manager.paths.stateDirectory

  const refusal = refusalOf(path)
  await manager.kill()

  assert.is(refusal.code, "state_directory_locked")
  const said = `Another manager (pid ${manager.pid}) keeps its state in ${path}`
  assert.is(
    refusal.message,
    `${said}: end it, or give this one a directory of its own (--state-dir)`,
  )
  StateDirectory.open(path, log).close()
})

test("within one process, too, until the first is closed", () => {
  const path = join(scratchDirectory(), "state")
  const first = StateDirectory.open(path, log)

  assert.is(refusalOf(path).code, "state_directory_locked")
  first.close()
  StateDirectory.open(path, log).close()
})

test("one that could not be opened is free again", () => {
  const path = join(scratchDirectory(), "state")
  const inTheWay = join(path, "trial.new")
  mkdirSync(inTheWay, { recursive: true, mode: 0o700 })

  assert.match(refusalOf(path).message, /EISDIR/)
  rmdirSync(inTheWay)

  StateDirectory.open(path, log).close()
})

for (const mode of [0o777, 0o770, 0o702]) {
  const octal = `0${mode.toString(8)}`
  test(`a directory that others may write is refused with what mends it: ${octal}`, () => {
    const path = join(scratchDirectory(), "state")
    mkdirSync(path)
    chmodSync(path, mode)

    const { code, message } = refusalOf(path)

    assert.is(code, "state_directory_unusable")
    const found = `with mode ${octal}; it must be .* to write: chown \\d+, chmod 0700$`
    assert.match(message, new RegExp(found))
  })
}

test("a directory of another user is refused", () => {
  if (!isRoot) return skipLoudly("root", "giving a directory to another user")
  const path = join(scratchDirectory(), "state")
  mkdirSync(path, { mode: 0o700 })
  chownSync(path, nobody, nobody)

  assert.match(refusalOf(path).message, /is user 65534's with mode 0700; it must be user 0's/)
})

test("a file in its place is refused", () => {
  const path = join(scratchDirectory(), "state")
  writeFileSync(path, "precious")

  assert.match(
    refusalOf(path).message,
    /^Cannot make the state directory .*EEXIST.*remove the file/,
  )
})

test.run()
