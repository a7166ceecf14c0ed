import { execFile } from "node:child_process"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../../harness/repository.js"
import { guestImage } from "../guest_image.js"
import { startNaiveManager } from "../page_managers.js"
import { endStarted } from "../started.js"
import type { Line } from "./table.js"

test.after.each(endStarted)

const image = guestImage({ lengthBytes: 8 << 20, seed: 1, writtenBytes: 4 << 20 })

function measured(...flags: string[]): Promise<{ code: number; stdout: string }> {
  const command = join(repository, "dist/test/vmm/restore/main.js")
  const args = [command, "--image", image, "--rounds", "1", ...flags]
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => {
      resolve({ code: Number(error?.code ?? 0), stdout })
    })
  })
}

test("every backend has its line, and none a wrong word", async () => {
  const { socket, process } = await startNaiveManager(image, [])

  const { code, stdout } = await measured(
    "--manager",
    `mine=${socket}=${process.pid}`,
    "--vms",
    "2",
  )

  const lines = stdout.trimEnd().split("\n")
  assert.is(code, 0)
  assert.equal(
    lines.map((line) => line.split(/ {2,}/)[0]),
    ["", "page by page (C)", "the file, mapped", "mine"],
  )
  for (const line of lines.slice(1)) assert.match(line, / 2 .* 0$/)
})

test("a manager that is wrong is told, and fails the run", async () => {
  const { socket } = await startNaiveManager(image, ["poisons-pages"])

  const { code, stdout } = await measured("--manager", `mine=${socket}`, "--json")

  const mine = (JSON.parse(stdout) as Line[]).find(({ name }) => name === "mine")
  assert.is(code, 1)
  assert.ok((mine?.wrong ?? 0) > 0)
})

test("a slow source is slow page by page", async () => {
  const { stdout } = await measured("--delay-us", "1000", "--json")

  const [slow, file] = JSON.parse(stdout) as Line[]
  assert.ok((slow?.quarterMs ?? 0) >= 500, "a millisecond for each of 512 pages")
  assert.ok((slow?.quarterMs ?? 0) > (file?.quarterMs ?? Number.NaN))
})

test.run()
