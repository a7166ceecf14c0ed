#!/usr/bin/env node
import { CommanderError } from "commander"
import { ClientError, ManagerError } from "../errors.js"
import { writeLastWords } from "../log_output.js"
import { safeJson } from "../safe_json.js"
import { CommandFailure, exitCodeOf, exitCodes } from "./failure.js"
import { createProgram } from "./program.js"
import { printable } from "./terminal.js"

// `pagerd ps | head -1`: a reader that has enough is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done)
  throw error
})
// A bug: the process's state is not to be trusted any more. What was served waits for the next one.
process.on("uncaughtException", (error) => process.exit(report(error)))

try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/**
 * Says on stderr why the command failed, as JSON if the command was asked for it; returns the exit
 * code.
 */
function report(error: unknown): number {
  // Commander has said everything already.
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
  if (error instanceof CommandFailure) {
    say(error.code, error.message)
    return error.exitCode
  }
  if (error instanceof ManagerError || error instanceof ClientError) {
    say(error.code, error.message)
    return exitCodeOf(error.code)
  }
  const lastWords = error instanceof Error ? (error.stack ?? error.message) : String(error)
  writeLastWords(`pagerd: this is a bug, please report it: ${lastWords}\n`)
  return exitCodes.bug
}

function say(code: string, message: string): void {
  const isJson = process.argv.includes("--json")
  const json = safeJson(JSON.stringify({ error: { code, message } }))
  writeLastWords(isJson ? `${json}\n` : `pagerd: ${printable(message)}\n`)
}
