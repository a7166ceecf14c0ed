import { type Command, InvalidArgumentError, Option } from "commander"
import { defaultPaths } from "../../protocol/paths.js"
import { DebugClient } from "./debug_client.js"

export interface JsonOption {
  readonly json?: true
}

/** The options of a command that asks the debug socket. */
export interface AskingOptions extends JsonOption {
  readonly debugSocket: string
}

export function withJson(command: Command): Command {
  return command.option("--json", "print JSON")
}

export function withDebugSocket(command: Command): Command {
  return withJson(command).addOption(
    new Option("--debug-socket <path>", "the manager's debug socket")
      .env("PAGERD_DEBUG_SOCKET")
      .default(defaultPaths().debugSocket),
  )
}

export function clientOf({ debugSocket }: AskingOptions): DebugClient {
  return new DebugClient(debugSocket)
}

/** An argument parser for whole numbers within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}
