#!/usr/bin/env node
import { CommanderError } from "commander"
import { CommandFailure, exitCodes } from "./failure.js"
import { safeJson } from "./output.js"
import { createProgram } from "./program.js"
import { printable } from "./terminal.js"

// `pagerd ps | head -1`: a reader that has enough is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done)
  throw error
})

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
  if (error instanceof CommanderError) {
    // Commander has said everything already.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
  if (error instanceof CommandFailure) {
    const { code, message } = error
    const isJson = process.argv.includes("--json")
    const text = isJson
      ? safeJson(JSON.stringify({ error: { code, message } }))
      : `pagerd: ${printable(message)}`
    process.stderr.write(`${text}\n`)
    return error.exitCode
  }
  const lastWords = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`pagerd: this is a bug, please report it: ${lastWords}\n`)
  return exitCodes.bug
}
