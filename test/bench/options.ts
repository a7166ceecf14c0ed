import { parseArgs } from "node:util"

export const helpText = `npm run bench -- [options]

Measures pagerd against plain C programs on this machine, in one run, and says which targets are
hit.

  --only ROW      only this row, by its name in the JSON, or a table beside the rows: memory (many
                  workers), instances (of wasm), vms (restored by Firecracker's protocol, with the
                  rows about them; takes long, and is left out unless it is asked for); may be
                  given again
  --rounds N      how often each row is measured (default 5)
  --smoke         everything once, on as little as shows that it runs; its figures mean nothing
  --markdown      prints the tables as the README has them
  --json FILE     keeps all figures
  --help          prints this

It exits with 1 when work was done wrongly (bytes, faults), never because of a time.`

/** Tables beside the rows, as `--only` names them. */
export const tables = ["memory", "instances", "vms"] as const
export type Table = (typeof tables)[number]

export interface Options {
  readonly json: string | undefined
  readonly isMarkdown: boolean
  readonly isSmoke: boolean
  /** Names of rows and tables; empty: all. */
  readonly only: readonly string[]
  /** Undefined: as many as there are otherwise. */
  readonly rounds: number | undefined
}

const flag = { type: "boolean", default: false } as const
const text = { type: "string" } as const

/** Undefined when help was asked for. Throws a sentence for people. */
export function readOptions(
  args: readonly string[],
  rowNames: readonly string[],
): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: text,
      markdown: flag,
      smoke: flag,
      only: { type: "string", multiple: true, default: [] },
      rounds: text,
      help: flag,
    },
  })
  if (values.help) return undefined
  const known = [...rowNames, ...tables]
  const unknown = values.only.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`--only wants a row, not "${unknown}"; there are ${known.join(", ")}`)
  }
  return {
    json: values.json,
    isMarkdown: values.markdown,
    isSmoke: values.smoke,
    only: values.only,
    rounds: values.rounds === undefined ? undefined : readRounds(values.rounds),
  }
}

function readRounds(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds >= 1) return rounds
  throw new Error(`--rounds wants a whole number from 1 on, not "${text}"`)
}
