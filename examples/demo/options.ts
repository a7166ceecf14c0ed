import { homedir } from "node:os"
import { join } from "node:path"
import { Command, InvalidArgumentError } from "commander"

/** What the demo was asked to do. */
export interface Options {
  readonly workers: number
  readonly rows: number
  readonly indexMib: number
  readonly isFresh: boolean
  readonly isJson: boolean
  readonly isKept: boolean
  readonly cacheDirectory: string
}

export function parseOptions(argv: readonly string[]): Options {
  const command = new Command("npm run demo --")
    .description(
      "Runs real workers on real images: a SQLite database inside WebAssembly, and an index.",
    )
    .option("--workers <n>", "worker processes per image", between(1, 256), 8)
    .option("--rows <n>", "rows of the SQLite database", between(1_000, 3_000_000), 400_000)
    .option("--index-mib <n>", "size of the index in MiB", between(1, 4_000), 1_024)
    .option("--fresh", "build the images again", false)
    .option("--json", "one JSON object on stdout, progress on stderr", false)
    .option("--keep", "leave the manager up, with the images registered", false)
    .addHelpText(
      "after",
      "\nImages are kept in ~/.cache/pagerd-demo (or XDG_CACHE_HOME) between runs.",
    )
    .parse(argv)
  const given = command.opts<{
    workers: number
    rows: number
    indexMib: number
    fresh: boolean
    json: boolean
    keep: boolean
  }>()
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
  return {
    workers: given.workers,
    rows: given.rows,
    indexMib: given.indexMib,
    isFresh: given.fresh,
    isJson: given.json,
    isKept: given.keep,
    cacheDirectory: join(cache, "pagerd-demo"),
  }
}

export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
