import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
}

/** Runs a script of this directory in a process of its own, which is expected to end badly. */
export function runToItsEnd(script: string, ...scriptArguments: readonly string[]): ChildEnd {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { status, signal, stdout } = spawnSync(process.execPath, [path, ...scriptArguments], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
  })
  return { code: status, signal, stdout }
}
