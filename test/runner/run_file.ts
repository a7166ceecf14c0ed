import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { TestFile } from "./discover.js"
import { describeMember, groupMembers, killGroup } from "./process_group.js"
import { readTotals, type Totals } from "./totals.js"

/** How one test file ended. */
export interface FileResult {
  readonly file: TestFile
  readonly totals: Totals
  readonly skips: readonly string[]
  /** What went wrong with the file as a whole; undefined when its totals tell everything. */
  readonly problem: string | undefined
  readonly durationMs: number
  readonly output: string
}

/**
 * After its totals a test process has this long to end by itself; one whose tests failed is known
 * to have left things open.
 */
const lingerMsMax = 10_000
const lingerAfterFailureMsMax = 500
/** Processes that a test killed may take a moment to vanish. */
const leftoverGraceMs = 2_000
const outputBytesMax = 1024 * 1024

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why we ended it, when we did. */
  readonly killedFor: string | undefined
  readonly output: string
}

/** Groups that are running now, for whoever has to end them all at once. */
export const runningGroups = new Set<number>()

/**
 * Runs one test file in a process group and a scratch directory of its own, and leaves neither
 * behind.
 */
export async function runFile(file: TestFile, node: string): Promise<FileResult> {
  const startedMs = performance.now()
  const scratch = mkdtempSync(join(tmpdir(), "pagerd-test-"))
  chmodSync(scratch, 0o711) // Clients of other users pass through it.
  const child = spawn(node, ["--enable-source-maps", file.path], {
    env: testEnvironment(scratch),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  })
  const group = child.pid
  if (group !== undefined) runningGroups.add(group)
  try {
    const ending = await waitForEnd(child, file.timeLimitMs)
    const leftovers = [
      group === undefined ? "" : await endLeftovers(group),
      removeScratch(scratch),
    ].join("")
    return judge(file, ending, leftovers, performance.now() - startedMs)
  } finally {
    if (group !== undefined) {
      killGroup(group)
      runningGroups.delete(group)
    }
  }
}

/** "", or why the directory is still there: something mounted in it, for one. */
function removeScratch(scratch: string): string {
  try {
    rmSync(scratch, { recursive: true, force: true })
    return ""
  } catch (error) {
    return `  ${scratch}: ${(error as Error).message}`
  }
}

/** A plain environment: a test neither meets the user's manager nor prints colours. */
function testEnvironment(scratch: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PAGERD_|XDG_|FORCE_COLOR$|NODE_OPTIONS$)/.test(name),
  )
  return { ...Object.fromEntries(kept), NO_COLOR: "1", TMPDIR: scratch }
}

function waitForEnd(child: ChildProcess, timeLimitMs: number): Promise<Ending> {
  return new Promise((resolve) => {
    let output = ""
    let killedFor: string | undefined
    let linger: NodeJS.Timeout | undefined
    const end = (reason: string): void => {
      const members = child.pid === undefined ? [] : groupMembers(child.pid)
      killedFor = [reason, ...members.map(describeMember)].join("\n")
      if (child.pid !== undefined) killGroup(child.pid)
    }
    const limit = setTimeout(() => end(`timed out after ${timeLimitMs / 1000} s`), timeLimitMs)
    const listen = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-outputBytesMax)
      const totals = linger === undefined ? readTotals(output)?.totals : undefined
      if (totals === undefined) return
      const reason = "its tests ended but the process did not: something is left open"
      const patienceMs = totals.failed > 0 ? lingerAfterFailureMsMax : lingerMsMax
      linger = setTimeout(() => end(reason), patienceMs)
    }
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(limit)
      clearTimeout(linger)
      resolve({ code, signal, killedFor, output })
    }
    child.stdout?.on("data", listen)
    child.stderr?.on("data", listen)
    child.on("error", (error) => {
      killedFor = `could not be started: ${error.message}`
      settle(null, null)
    })
    // A leftover that inherited the pipes would delay `close` for ever: some time after `exit` it
    // is ended too.
    child.on("exit", () => {
      setTimeout(() => child.pid !== undefined && killGroup(child.pid), lingerMsMax).unref()
    })
    child.on("close", settle)
  })
}

/** What outlived the test process, in words; "" when nothing did. It is ended. */
async function endLeftovers(group: number): Promise<string> {
  const deadlineMs = performance.now() + leftoverGraceMs
  let members = groupMembers(group)
  while (members.length > 0 && performance.now() < deadlineMs) {
    await delay(20)
    members = groupMembers(group)
  }
  if (members.length > 0) killGroup(group)
  return members.map(describeMember).join("\n")
}

function judge(file: TestFile, ending: Ending, leftovers: string, durationMs: number): FileResult {
  const reading = readTotals(ending.output)
  const totals = reading?.totals ?? { passed: 0, failed: 0, skipped: 0 }
  const problem = findProblem(ending, totals, reading !== undefined, leftovers)
  // The file itself counts as a failure where none of its tests does.
  const failed = problem !== undefined && totals.failed === 0 ? 1 : totals.failed
  return {
    file,
    totals: { ...totals, failed },
    skips: reading?.skips ?? [],
    problem,
    durationMs,
    output: ending.output,
  }
}

function findProblem(
  { code, signal, killedFor, output }: Ending,
  { passed, failed, skipped }: Totals,
  hasTotals: boolean,
  leftovers: string,
): string | undefined {
  if (killedFor !== undefined) return killedFor
  if (signal !== null) return `was ended by ${signal}`
  if (!hasTotals) return `printed no totals (exit code ${code}): does it call test.run()?`
  if (passed + failed + skipped === 0) return "ran no test"
  if (code !== 0 && failed === 0) return `exited with code ${code} although every test passed`
  if (failed > 0 && !output.includes(" FAIL ")) return "a hook threw, and uvu hides what"
  if (leftovers !== "") return `left behind:\n${leftovers}`
  return undefined
}
