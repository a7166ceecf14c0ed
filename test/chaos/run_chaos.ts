import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { OwnedProcess } from "../harness/owned_process.js"
import { scratchDirectory } from "../harness/scratch.js"
import type { Report } from "./report.js"

const program = fileURLToPath(new URL("main.js", import.meta.url))

export interface ChaosResult<R> {
  readonly code: number | null
  readonly report: R
  /** What it wrote for people. */
  readonly output: string
}

/** Runs `npm run chaos` with these arguments, as a child of its own. */
export async function runChaos<R = Report>(...args: string[]): Promise<ChaosResult<R>> {
  const json = join(scratchDirectory(), "report.json")
  const stdio = ["ignore", "pipe", "pipe"] as const
  const child = spawn(process.execPath, [program, ...args, "--json", json], { stdio: [...stdio] })
  const chaos = new OwnedProcess("chaos", child)
  const { code } = await chaos.exited
  const output = chaos.stdout + chaos.stderr
  try {
    return { code, output, report: JSON.parse(readFileSync(json, "utf8")) as R }
  } catch {
    throw new Error(`chaos ended with code ${code} and no report:\n${output}`)
  }
}
