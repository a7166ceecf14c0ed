import { test } from "uvu"
import * as assert from "uvu/assert"
import { decodeSet, encodeSet, MalformedWorkingSet } from "../../manager/working_sets/format.js"
import { WorkingSetStore } from "../../manager/working_sets/store.js"
import type { WorkingSet } from "../../manager/working_sets/working_set.js"
import { CollectedLog } from "../harness/collected_log.js"

const key = (digit: string): string => digit.repeat(32)

const set = (fields: Partial<WorkingSet> = {}): WorkingSet => ({
  image: "vm",
  key: key("a"),
  lengthBytes: 100 * 4096 - 7,
  pageBytes: 4096,
  runs: 3,
  hitRatio: 0.5,
  recordedAt: "2026-01-02T03:04:05.000Z",
  ranges: [
    { first: 4, pages: 10, score: 1, rank: 7 },
    { first: 99, pages: 1, score: 0.125, rank: 0 },
  ],
  ...fields,
})

/** A state directory of nothing but memory. */
function memoryDirectory(files: Readonly<Record<string, string>> = {}) {
  const kept = new Map(Object.entries(files))
  return {
    kept,
    list: () => [...kept.keys()],
    read: (name: string) => Buffer.from(kept.get(name) ?? ""),
    write: (name: string, bytes: Uint8Array) => void kept.set(name, Buffer.from(bytes).toString()),
    remove: (name: string) => void kept.delete(name),
  }
}

const nameOf = (digit: string): string => `working-set-${key(digit)}-4k.json`
const textOf = (one: WorkingSet): string => JSON.stringify(encodeSet(one))

test("what was written is read again", () => {
  assert.equal(decodeSet(JSON.parse(textOf(set()))), set())
})

test("a file with any wrong number or any changed byte is refused", () => {
  const range = { first: 4, pages: 1, score: 1, rank: 0 }
  const wrong: WorkingSet[] = [
    set({ ranges: [{ ...range, first: -1 }] }),
    set({ ranges: [{ ...range, first: 1.5 }] }),
    set({ ranges: [{ ...range, pages: 0 }] }),
    set({ ranges: [{ ...range, first: 99, pages: 2 }] }),
    set({ ranges: [{ ...range, first: 2 ** 32 }] }),
    set({ ranges: [range, range] }),
    set({ ranges: [{ ...range, score: 1.5 }] }),
    set({ lengthBytes: 0 }),
    set({ image: "../vm" }),
    set({ key: "../../etc/passwd" }),
    set({ runs: 0 }),
  ]
  for (const one of wrong) {
    assert.throws(
      () => decodeSet(encodeSet(one)),
      (error: unknown) => {
        return error instanceof MalformedWorkingSet && error.message.startsWith("It")
      },
    )
  }
  const text = textOf(set())
  const changed = [
    text.replace('"runs":3', '"runs":4'),
    text.replace('"version":1', '"version":2'),
    text.replace('"page_bytes":4096', '"page_bytes":2097152'),
    text.replace('{"image"', '{"more":1,"image"'),
  ]
  for (const one of changed) {
    assert.throws(
      () => decodeSet(JSON.parse(one)),
      (error: unknown) => {
        return error instanceof MalformedWorkingSet
      },
    )
  }
})

test("a file that cannot be read is told of and forgotten, and the others are kept", () => {
  const { log, lines } = new CollectedLog()
  const torn = textOf(set({ key: key("b") })).slice(0, -20)
  const state = memoryDirectory({
    [nameOf("a")]: textOf(set()),
    [nameOf("b")]: torn,
    [nameOf("c")]: textOf(set({ key: key("d") })),
    "image-1.json": "no affair of ours",
  })

  const store = new WorkingSetStore(state, 10, log)

  assert.equal(store.list(), [set()])
  assert.is(lines.length, 2)
  assert.ok(lines.every(({ msg }) => msg.includes("cannot be read")))
  assert.equal([...state.kept.keys()].sort(), ["image-1.json", nameOf("a")])
})

test("no more sets are kept than may be: those go that were recorded the longest ago", () => {
  const { log } = new CollectedLog()
  const state = memoryDirectory()
  const store = new WorkingSetStore(state, 2, log)
  for (const digit of ["a", "b", "c"]) store.put(set({ key: key(digit) }))
  store.put(set({ key: key("b") }))

  assert.equal(
    store.list().map((one) => one.key),
    [key("b"), key("c")],
  )
  assert.is(state.kept.size, 2)
  const year = (digit: string, number: number) =>
    set({ key: key(digit), recordedAt: `${number}-01-02T03:04:05.000Z` })
  const files = { [nameOf("e")]: textOf(year("e", 2027)), [nameOf("f")]: textOf(year("f", 2025)) }
  const next = new WorkingSetStore(memoryDirectory(files), 1, log)
  assert.equal(
    next.list().map((one) => one.key),
    [key("e")],
  )
})

test("a set that cannot be written is kept in memory", () => {
  const { log } = new CollectedLog()
  const full = () => {
    throw new Error("no space is left")
  }
  const store = new WorkingSetStore({ ...memoryDirectory(), write: full }, 2, log)
  store.put(set())

  assert.equal(store.find(`${key("a")}-4k`), set())
})

test.run()
