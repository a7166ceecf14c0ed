import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { pagerdCommand } from "../harness/repository.js"

/** How one run of the command ended. */
export interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** stdout as JSON. */
  json(): unknown
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly spawn?: SpawnOptions
  /** Called with the child as soon as it runs. */
  readonly during?: (child: ChildProcess) => void
}

/** Runs the real `pagerd` command to its end. */
export function runPagerd(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [pagerdCommand, ...args], {
    ...options.spawn,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stdout = ""
  let stderr = ""
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  options.during?.(child)
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr, json: () => JSON.parse(stdout) as unknown })
    })
  })
}
