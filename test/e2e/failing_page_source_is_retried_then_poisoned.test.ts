// Invariant 2.
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView, SessionView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil, within } from "../harness/retry.js"
import { serveSources } from "../harness/source_manager.js"

const page = 4096
const imageBytes = 64 * page
const attemptsMax = 3

const test = suite()

test("a source that fails and then recovers delays its reader and nothing else", async () => {
  const source = new GatedSource(imageBytes, 121)
  const manager = await serveSources({ weak: source }, { sources: { attemptsMax, backoffMs: 1 } })
  const client = await startCClient(manager.socket)
  const region = await client.map("weak")

  const { byte } = await client.parkFault(region, 5 * page)
  for (let attempt = 1; attempt < attemptsMax; attempt++) {
    const read = await source.nextRead()
    read.fail(new Error(`attempt ${attempt} failed`))
  }
  ;(await source.nextRead()).release()

  assert.is(await byte, patternBytes(121, 5 * page, 1)[0])
  assert.is(source.reads.length, attemptsMax)
  await client.stop()
  await manager.stop()
})

test("a source that keeps failing is given up: SIGBUS, and the session says why", async () => {
  const source = new GatedSource(imageBytes, 122)
  const manager = await serveSources({ broken: source }, { sources: { attemptsMax, backoffMs: 1 } })
  const client = await startCClient(manager.socket)
  const witness = await startCClient(manager.socket)
  const region = await client.map("broken")
  await witness.map("broken")

  const { byte } = await client.parkFault(region, 5 * page)
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const read = await source.nextRead()
    read.fail(new Error("the disk is on fire"))
  }

  assert.is(await byte.then(String, () => "died"), "died")
  assert.is((await client.ended()).signal, "SIGBUS")
  const [image] = await manager.debug.get<ImageView[]>("/v1/images")
  assert.match(image?.last_error ?? "", /the disk is on fire/)
  assert.is(image?.fill_failures, 2, "of the fault's window, and then of its page alone")
  assert.is(source.reads.length, attemptsMax)
  await witness.stop()
  await manager.stop()
})

const wrongAnswers: Readonly<Record<string, Uint8Array>> = {
  "too few bytes": new Uint8Array(page - 1),
  "too many bytes": new Uint8Array(imageBytes + page),
}

for (const [name, bytes] of Object.entries(wrongAnswers)) {
  test(`${name} are a failure and never pages`, async () => {
    const source = new GatedSource(imageBytes, 123)
    const manager = await serveSources({ short: source }, { sources: { attemptsMax: 1 } })
    const client = await startCClient(manager.socket)
    const region = await client.map("short")

    const { byte } = await client.parkFault(region, 0)
    for (const what of ["the window", "its page alone"]) {
      const read = await within(what, 5_000, source.nextRead())
      read.release(bytes)
    }

    assert.is(await byte.then(String, () => "died"), "died")
    assert.is((await client.ended()).signal, "SIGBUS")
    await manager.stop()
  })
}

test("the session of a client that survives its poison names the error", async () => {
  const source = new GatedSource(imageBytes, 124)
  const manager = await serveSources({ broken: source }, { sources: { attemptsMax: 1 } })
  const client = await startCClient(manager.socket)
  const region = await client.map("broken")

  // read(2) into a poisoned page fails with EFAULT, where touching it would end the process.
  const read = client.readFileInto(region, 0, 16, "/proc/version")
  for (const what of ["the window", "its page alone"]) {
    const held = await within(what, 5_000, source.nextRead())
    held.fail(new Error("no route to the store"))
  }

  assert.is(await read.then(String, ({ code }) => code), "EFAULT")
  const session = await retryUntil("the session's error", 5_000, async () => {
    const [view] = await manager.debug.get<SessionView[]>("/v1/sessions")
    return view?.last_error && view
  })
  assert.match(session.last_error?.message ?? "", /no route to the store/)
  assert.ok(session.pages_poisoned > 0)
  await client.stop()
  await manager.stop()
})

test.run()
