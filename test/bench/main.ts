/**
 * npm run bench: measures pagerd against plain C programs on this machine, in one run, and says
 * which targets are hit.
 *
 *   npm run bench -- [--json FILE] [--markdown] [--smoke] [--only ROW]... [--rounds N]
 *
 * --only instances is the table of wasm instances alone, --only memory that of many workers.
 *
 * Exits with 1 when work was done wrongly (bytes, faults), never because of a time.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { BrokenWork } from "./figures.js"
import { instanceCells, measureInstances } from "./instances/measure.js"
import { describeMachine } from "./machine.js"
import { measureMemory, memoryCells } from "./memory/table.js"
import { measurePlacements } from "./placements.js"
import {
  type BenchResult,
  jsonReport,
  markdownReport,
  placementCells,
  rowCells,
  textReport,
  textTable,
} from "./report.js"
import { measureRow, type Row, type RowResult } from "./row.js"
import { allRows } from "./rows/all.js"
import { fullSizes, type Sizes, smokeSizes, TestBed } from "./test_bed.js"

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
  },
})

function chosenSizes(): Sizes {
  const sizes = values.smoke ? smokeSizes : fullSizes
  const rounds = values.rounds === undefined ? sizes.rounds : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds wants a whole number from 1 on, not "${values.rounds}"`)
  }
  return { ...sizes, rounds }
}

/** The names of the other tables. */
const tableNames = ["memory", "instances"]
const wants = (table: string) => values.only.length === 0 || values.only.includes(table)

function chosenRows(): readonly Row[] {
  const names = allRows.map((row) => row.name)
  const known = [...names, ...tableNames]
  const unknown = values.only.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`--only wants a row, not "${unknown}"; there are ${known.join(", ")}`)
  }
  return values.only.length === 0
    ? allRows
    : allRows.filter((row) => values.only.includes(row.name))
}

/** From this load for each CPU on the figures are somebody else's. */
const quietLoadMax = 0.5

async function measureAll(bed: TestBed, rows: readonly Row[]): Promise<BenchResult> {
  const machine = describeMachine()
  if (values.smoke)
    console.error("bench: a smoke says that every row runs; its figures mean nothing")
  if (machine.load > quietLoadMax * machine.cpus) {
    console.error(`bench: the load is ${machine.load}: bandwidths and p99s will be noise\n`)
  }
  const placements = rows.length === allRows.length ? await measurePlacements(bed) : []
  if (placements.length > 0) console.error(`${textTable(placementCells(placements))}\n`)
  const results: RowResult[] = []
  const broken: { name: string; reason: string }[] = []
  for (const [i, row] of rows.entries()) {
    const progress = `${i + 1}/${rows.length} ${row.name}`
    try {
      const result = await measureRow(row, bed)
      results.push(result)
      console.error(`${progress}: ${rowCells(result)[4]}`)
    } catch (error) {
      if (!(error instanceof BrokenWork)) throw error
      broken.push({ name: row.name, reason: error.message })
      console.error(`${progress}: BROKEN: ${error.message}`)
    }
  }
  const memory = wants("memory") ? await measureMemory(bed) : []
  if (memory.length > 0) console.error(`${textTable(memoryCells(memory))}\n`)
  const instances = wants("instances")
    ? await measureInstances(bed, (size) => {
        console.error(`${textTable(instanceCells([size]))}\n`)
      })
    : []
  const { rounds } = bed.sizes
  return {
    machine,
    rounds,
    isSmoke: values.smoke,
    placements,
    rows: results,
    broken,
    memory,
    instances,
  }
}

async function main(): Promise<void> {
  const rows = chosenRows()
  const bed = new TestBed(chosenSizes())
  try {
    const result = await measureAll(bed, rows)
    if (values.json !== undefined) writeFileSync(values.json, jsonReport(result))
    if (values.markdown) console.log(markdownReport(result))
    else console.log(`\n${textReport(result)}`)
    if (result.broken.length > 0) process.exitCode = 1
  } finally {
    await bed.close()
  }
}

await main()
