import { Command, Option } from "commander"
import { between } from "../demo/options.js"

/** "all": one after another. */
const modes = ["all", "auto", "share", "copy", "cow"] as const
export type PoolMode = Exclude<(typeof modes)[number], "all">

export interface Options {
  readonly requests: number
  readonly slots: number
  readonly modes: readonly PoolMode[]
  readonly isJson: boolean
}

export function parseOptions(argv: readonly string[]): Options {
  const command = new Command("node dist/examples/wasm-pool/main.js")
    .description(
      "Serves HTTP requests from SQLite in WebAssembly, each in an instance to itself: made " +
        "anew, copied, and from a pool of paged ones.",
    )
    .option("--requests <n>", "requests to each pool", between(20, 1_000_000), 4_000)
    .option("--slots <n>", "instances in the pool", between(1, 256), 4)
    .addOption(new Option("--mode <mode>", "how pages come").choices(modes).default("all"))
    .option("--json", "one JSON object on stdout instead of the table", false)
    .parse(argv)
  const { requests, slots, mode, json } = command.opts<{
    requests: number
    slots: number
    mode: (typeof modes)[number]
    json: boolean
  }>()
  return {
    requests,
    slots,
    modes: mode === "all" ? ["auto", "share", "copy", "cow"] : [mode],
    isJson: json,
  }
}
