/** npm run bench: measures pagerd against plain C programs on this machine, in one run. */
import { writeFileSync } from "node:fs"
import { BrokenWork } from "./figures.js"
import { instanceCells, measureInstances } from "./instances/measure.js"
import { describeMachine } from "./machine.js"
import { measureMemory, memoryCells } from "./memory/table.js"
import { helpText, type Options, readOptions, type Table } from "./options.js"
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
import { brokenOf, measureRestores } from "./vms/restores.js"
import { vmRows } from "./vms/rows.js"
import { restoreCells } from "./vms/table.js"

const usageError = 2

function optionsOrExit(): Options {
  try {
    const names = [...allRows, ...vmRows].map(({ name }) => name)
    const options = readOptions(process.argv.slice(2), names)
    if (options !== undefined) return options
    console.log(helpText)
    process.exit(0)
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    process.exit(usageError)
  }
}

const options = optionsOrExit()

function chosenSizes(): Sizes {
  const sizes = options.isSmoke ? smokeSizes : fullSizes
  return { ...sizes, rounds: options.rounds ?? sizes.rounds }
}

const isAsked = (name: string): boolean => options.only.includes(name)
const wants = (table: Table): boolean => options.only.length === 0 || isAsked(table)
/** They take longer than everything else. */
const wantsVms = isAsked("vms") || (options.only.length === 0 && options.isSmoke)

const chosenRows = (): readonly Row[] => [
  ...(options.only.length === 0 ? allRows : allRows.filter(({ name }) => isAsked(name))),
  ...(wantsVms ? vmRows : vmRows.filter(({ name }) => isAsked(name))),
]

/** From this load for each CPU on the figures are somebody else's. */
const quietLoadMax = 0.5

async function measureAll(bed: TestBed, rows: readonly Row[]): Promise<BenchResult> {
  const machine = describeMachine()
  if (options.isSmoke)
    console.error("bench: a smoke says that every row runs; its figures mean nothing")
  if (machine.load > quietLoadMax * machine.cpus) {
    console.error(`bench: the load is ${machine.load}: bandwidths and p99s will be noise\n`)
  }
  const placements = rows.length >= allRows.length ? await measurePlacements(bed) : []
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
  const vms = wantsVms
    ? await measureRestores(bed, (lines) => console.error(`${textTable(restoreCells(lines))}\n`))
    : []
  broken.push(...brokenOf(vms))
  const { rounds } = bed.sizes
  return {
    machine,
    rounds,
    isSmoke: options.isSmoke,
    placements,
    rows: results,
    broken,
    memory,
    instances,
    vms,
  }
}

async function main(): Promise<void> {
  const rows = chosenRows()
  const bed = new TestBed(chosenSizes())
  try {
    const result = await measureAll(bed, rows)
    if (options.json !== undefined) writeFileSync(options.json, jsonReport(result))
    if (options.isMarkdown) console.log(markdownReport(result))
    else console.log(`\n${textReport(result)}`)
    if (result.broken.length > 0) process.exitCode = 1
  } finally {
    await bed.close()
  }
}

await main()
