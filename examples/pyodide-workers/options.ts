import { homedir } from "node:os"
import { join } from "node:path"
import { Command, Option } from "commander"
import { between } from "../demo/options.js"

/** "all": one after another. */
const modes = ["all", "auto", "share", "copy", "cow"] as const
export type PagedMode = Exclude<(typeof modes)[number], "all">

export interface Options {
  readonly workers: number
  readonly modes: readonly PagedMode[]
  readonly isJson: boolean
  readonly cacheDirectory: string
}

export function parseOptions(argv: readonly string[]): Options {
  const command = new Command("node dist/examples/pyodide-workers/main.js")
    .description(
      "Starts CPython in workers: from nothing, from a copied snapshot, and from a paged one.",
    )
    .option("--workers <n>", "worker processes at once", between(1, 256), 8)
    .addOption(new Option("--mode <mode>", "how pages come").choices(modes).default("all"))
    .option("--json", "one JSON object on stdout instead of the table", false)
    .addHelpText(
      "after",
      "\nThe snapshot is kept in ~/.cache/pagerd-pyodide (or XDG_CACHE_HOME) between runs.",
    )
    .parse(argv)
  const given = command.opts<{ workers: number; mode: (typeof modes)[number]; json: boolean }>()
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
  return {
    workers: given.workers,
    modes: given.mode === "all" ? ["auto", "share", "copy", "cow"] : [given.mode],
    isJson: given.json,
    cacheDirectory: join(cache, "pagerd-pyodide"),
  }
}
