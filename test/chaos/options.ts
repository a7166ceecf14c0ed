import { parseArgs } from "node:util"

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

export const helpText = `npm run chaos -- [options]: kills everything, and checks every byte

  --seconds N     how long to go on (default 60; with --kills as long as those take)
  --kills N       how many times to kill a manager, then stop
  --clients M     client processes (default 6), each with several threads
  --seed S        decides every choice of the run (default: another each time; it is printed)
  --mode M        of the clients' regions: copy, share, cow, auto, or mixed (default)
  --adoption      also clients that never look at their socket again; needs root
  --layout        also clients that raise layout events: they fork, move and cut their memory
  --only A,B      only these disturbances, of: ${[...disturbances.keys()].join(", ")}
  --without A,B   all but these
  --model-mib N   length of the image that is read page by page (default 64)
  --patience-ms N how long a thread may stand still before it is lost (default 20000)
  --json FILE     the report as JSON, too
  --quiet         prints the report only
  --lie NAME      has somebody do wrong, so that the run must fail: ${lies.join(", ")}

disturbances
  kill         SIGKILL of a manager, once or several times in a row, and its start
  term         SIGTERM of a manager, which must exit with 0, and its start
  takeover     another manager takes over from one that serves
  stop         SIGSTOP of a manager, and SIGCONT a while later
  client       SIGKILL of a client, and another in its place
  source       the page source in TypeScript fails, or hangs, for a while
  descriptors  a manager can open no more descriptors for a while; calls may be refused then
Clients fork, map, attach, reset and prefault all the time.

It exits with 0 when no byte was wrong, no client was lost or had a call fail, no manager ended by
itself, and no descriptor was left open. Otherwise the logs of everybody are kept.`

/** Throws a sentence for people. Undefined when help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: "string" } as const
  const flag = { type: "boolean", default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
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
    },
  })
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

function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`--${name} is "${text}", wanted a number`)
}

function oneOf(name: string, value: string, names: readonly string[]): string {
  if (names.includes(value)) return value
  throw new Error(`--${name} is "${value}", wanted one of ${names.join(", ")}`)
}

function kindsOf(only: string | undefined, without: string | undefined): Set<Disturbance> {
  const names = [...disturbances.keys()]
  const list = (option: string, text: string): string[] =>
    text.split(",").map((name) => oneOf(option, name, names))
  const wanted = only === undefined ? names : list("only", only)
  const unwanted = without === undefined ? [] : list("without", without)
  return new Set(names.filter((name) => wanted.includes(name) && !unwanted.includes(name)))
}
