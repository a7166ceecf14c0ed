import { test } from "uvu"
import * as assert from "uvu/assert"
import { helpText, readOptions, tables } from "./options.js"

const read = (...args: string[]) => readOptions(args, ["one_row"])

test("a row or table that is not there is named, with those that are", () => {
  assert.throws(() => read("--only", "no_row"), /not "no_row"; there are one_row, memory/)
  assert.equal(read("--only", "one_row", "--only", "memory")?.only, ["one_row", "memory"])
})

test("rounds are a whole number from 1 on", () => {
  for (const rounds of ["0", "1.5", "many"]) {
    assert.throws(() => read("--rounds", rounds), new RegExp(`not "${rounds}"`))
  }
  assert.is(read("--rounds", "3")?.rounds, 3)
  assert.is(read()?.rounds, undefined)
})

test("help is asked for, and names each table", () => {
  assert.is(read("--help"), undefined)
  for (const table of tables) assert.match(helpText, new RegExp(`\\b${table}\\b`))
})

test.run()
