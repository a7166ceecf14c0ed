import { readFileSync } from "node:fs"
import { parse, TomlError } from "smol-toml"
import type { z } from "zod"
import { defaultPaths } from "../protocol/paths.js"
import { type Config, type ConfigInput, configSchema } from "./config.js"
import { ManagerError, reasonOf } from "./errors.js"

type Table = Readonly<Record<string, unknown>>

/** Where a manager's settings come from; each goes ahead of those after it. */
export interface ConfigSources {
  /** Flags of the command line, or what code gives. */
  readonly given: ConfigInput
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Path of a TOML file. */
  readonly file: string | undefined
}

/**
 * The settings that hold. Throws a ManagerError that names the wrong one, what was found and what
 * is wanted.
 */
export function resolveConfig({ given, environment, file }: ConfigSources): Config {
  const fromFile = file === undefined ? {} : readTable(file)
  const layers = [defaultPaths(environment), fromFile, namedPaths(environment), given]
  const merged = (layers as Table[]).reduce(merge)
  const checked = configSchema.safeParse(merged, { reportInput: true })
  if (checked.success) return checked.data
  const where = file === undefined ? "" : ` (configuration file ${file})`
  throw new ManagerError("config_invalid", `${describe(checked.error)}${where}`)
}

function readTable(file: string): Table {
  try {
    return toCamelCase(parse(readFileSync(file, "utf8")))
  } catch (error) {
    const reason = reasonOf(error)
    const kind = error instanceof TomlError ? "is no valid TOML" : "cannot be read"
    throw new ManagerError("config_invalid", `Configuration file ${file} ${kind}: ${reason}`)
  }
}

/** The paths that the environment names itself, which go ahead of a file. */
function namedPaths(environment: ConfigSources["environment"]): Table {
  return {
    socket: environment.PAGERD_SOCKET || undefined,
    debugSocket: environment.PAGERD_DEBUG_SOCKET || undefined,
    stateDir: environment.PAGERD_STATE_DIR || undefined,
  }
}

function merge(under: Table, over: Table): Table {
  const merged: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) continue
    const below = merged[name]
    merged[name] = isTable(value) && isTable(below) ? merge(below, value) : value
  }
  return merged
}

function toCamelCase(table: Table): Table {
  const entries = Object.entries(table).map(([name, value]) => {
    const camelName = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (!isTable(value)) return [camelName, value]
    return [camelName, name === "images" ? keepNames(value) : toCamelCase(value)]
  })
  return Object.fromEntries(entries)
}

/** Names of images are the user's own, and stay as they are. */
function keepNames(images: Table): Table {
  const entries = Object.entries(images).map(([name, image]) => {
    return [name, isTable(image) ? toCamelCase(image) : image]
  })
  return Object.fromEntries(entries)
}

const toSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function describe(error: z.ZodError): string {
  const sentences = error.issues.map((issue) => {
    const setting = issue.path.map((name) => toSnakeCase(String(name))).join(".")
    if (issue.code === "unrecognized_keys") {
      const names = issue.keys.map((key) => `"${toSnakeCase(key)}"`).join(", ")
      return `There is no setting ${names}${setting === "" ? "" : ` in [${setting}]`}`
    }
    return `Setting ${setting} is ${JSON.stringify(issue.input) ?? "missing"}: ${issue.message}`
  })
  return sentences.join("; ")
}
