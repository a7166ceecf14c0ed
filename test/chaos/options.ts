import { parseArgs } from "node:util"
import { number, oneOf } from "./values.js"

/** What can be done to a run, with how often relative to the others. */
export const disturbances = new Map([
  ["kill", 10],
  ["term", 2],
  ["takeover", 2],
  ["stop", 3],
  ["client", 4],
  ["source", 3],
  ["descriptors", 1],
] as const)

export type Disturbance = typeof disturbances extends Map<infer Name, number> ? Name : never

export const chaosModes = { auto: 0, copy: 1, share: 2, cow: 3, mixed: 9 } as const

/** What a test has somebody do wrong, to see it found out. */
export const lies = [
  "seed",
  "exit",
  "stuck",
  "uncounted",
  "descriptor",
  "memfd",
  "manager-descriptor",
  "manager-crash",
] as const

export interface Options {
  readonly seconds: number
  /** Ends the run early, after so many. */
  readonly killsMax: number
  readonly clients: number
  readonly seed: number
  readonly mode: keyof typeof chaosModes
  readonly adoption: boolean
  readonly layout: boolean
  readonly json: string | undefined
  readonly quiet: boolean
  readonly kinds: ReadonlySet<Disturbance>
  readonly modelMib: number
  /** How long a thread may stand still before it counts as lost. */
  readonly patienceMs: number
  readonly lie: (typeof lies)[number] | undefined
}

const text = { type: "string" } as const
const flag = { type: "boolean", default: false } as const
const parsed = {
  seconds: text,
  kills: text,
  clients: text,
  seed: text,
  mode: text,
  adoption: flag,
  layout: flag,
  only: text,
  without: text,
  "model-mib": text,
  "patience-ms": text,
  json: text,
  quiet: flag,
  lie: text,
  help: flag,
} as const

/** Throws a sentence for people. Undefined when help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({ args: [...args], options: parsed })
  if (values.help) return undefined
  return {
    seconds: number("seconds", values.seconds, values.kills === undefined ? 60 : 3600),
    killsMax: number("kills", values.kills, Number.MAX_SAFE_INTEGER),
    clients: number("clients", values.clients, 6),
    seed: number("seed", values.seed, Date.now() % 1_000_000),
    mode: oneOf("mode", values.mode ?? "mixed", Object.keys(chaosModes)) as Options["mode"],
    adoption: values.adoption,
    layout: values.layout,
    json: values.json,
    quiet: values.quiet,
    kinds: kindsOf(values.only, values.without),
    patienceMs: number("patience-ms", values["patience-ms"], 20_000),
    modelMib: number("model-mib", values["model-mib"], 64),
    lie: values.lie === undefined ? undefined : (oneOf("lie", values.lie, lies) as Options["lie"]),
  }
}

function kindsOf(only: string | undefined, without: string | undefined): Set<Disturbance> {
  const names = [...disturbances.keys()]
  const list = (option: string, text: string): string[] =>
    text.split(",").map((name) => oneOf(option, name, names))
  const wanted = only === undefined ? names : list("only", only)
  const unwanted = without === undefined ? [] : list("without", without)
  return new Set(names.filter((name) => wanted.includes(name) && !unwanted.includes(name)))
}
