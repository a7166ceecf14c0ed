/**
 * npm test: runs every test file in a process of its own, with a time limit, and adds the totals
 * up.
 *
 *   npm test -- [NAME]... [--without NAME]... [--list] [--jobs N] [--node PATH] [--json FILE]
 *
 * NAME is any part of a test file's name.
 */
import { writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { discover } from "./discover.js"
import { killGroup } from "./process_group.js"
import { closingReport, fileReport, jsonReport, totalsLine } from "./report.js"
import { type FileResult, runFile, runningGroups } from "./run_file.js"
import { schedule } from "./schedule.js"

const print = (text: string): void => console.log(text)

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      jobs: { type: "string", default: "2" },
      node: { type: "string", default: process.execPath },
      json: { type: "string" },
      without: { type: "string", multiple: true, default: [] },
    },
  })
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new Error(`--jobs wants a whole number from 1 on, not "${values.jobs}"`)
  }
  return { ...values, jobs, withAny: positionals }
}

async function main(): Promise<number> {
  const { list, jobs, node, json, ...selection } = readArguments()
  const files = discover(dirname(dirname(fileURLToPath(import.meta.url))), selection)
  if (list) {
    for (const { name } of files) print(name)
    return 0
  }
  const results: FileResult[] = []
  await schedule(files, jobs, async (file) => {
    const result = await runFile(file, node)
    results.push(result)
    print(fileReport(result))
  })
  if (json !== undefined) writeFileSync(json, jsonReport(results, node))
  if (results.length === 0) {
    print("no test file has such a name")
    print(totalsLine({ passed: 0, failed: 1, skipped: 0 }))
    return 1
  }
  print(closingReport(results))
  return results.some(({ totals }) => totals.failed > 0) ? 1 : 0
}

// Test processes lead groups of their own, so a terminal's Ctrl-C does not reach them.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    for (const group of runningGroups) killGroup(group)
    process.kill(process.pid, signal)
  })
}

process.exitCode = await main()
