import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { startManager } from "../../harness/manager.js"
import { repository } from "../../harness/repository.js"
import type { TestBed } from "../test_bed.js"
import type { SizeFigures } from "./process.js"

const program = join(repository, "dist/test/bench/instances/process.js")
const mebibyte = 1024 * 1024
const limitMs = 300_000

/** Wasm instances of each size, made in every way. `onSize` hears of each that is done. */
export async function measureInstances(
  bed: TestBed,
  onSize: (figures: SizeFigures) => void,
): Promise<SizeFigures[]> {
  const { instanceMebibytes, poolMs, rounds } = bed.sizes
  const all: SizeFigures[] = []
  for (const mebibytes of instanceMebibytes) {
    const manager = await startManager()
    try {
      const args = [manager.socket, mebibytes * mebibyte, rounds, poolMs].map(String)
      // One core: the client's faults are then served where they are taken.
      const command = ["taskset", "-c", String(bed.cpu), process.execPath, "--expose-gc", program]
      const [file = "", ...rest] = [...command, ...args]
      const { stdout } = await promisify(execFile)(file, rest, { timeout: limitMs })
      const figures = JSON.parse(stdout) as SizeFigures
      onSize(figures)
      all.push(figures)
    } finally {
      await manager.stop()
    }
  }
  return all
}

const titles = ["MiB", "way", "instantiate", "first call", "touch 1 %", "touch all", "reset"]

/** Titles first, then a line for each way of each size; times in ms. */
export function instanceCells(sizes: readonly SizeFigures[]): string[][] {
  const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0))
  const lines = sizes.flatMap(({ bytes, ways }) =>
    ways.map(({ way, life, tenantsPerSecond }) => [
      String(bytes / mebibyte),
      way,
      ...[life.instantiate, life.firstCall, life.touchHundredth, life.touchAll].map(ms),
      ms(life.reset),
      tenantsPerSecond.toFixed(0),
    ]),
  )
  return [[...titles, "tenants/s"], ...lines]
}

/** What a data segment costs before any instance is there. */
export const compileText = (sizes: readonly SizeFigures[]): string => {
  const each = sizes.map(
    ({ bytes, compileMs }) => `${bytes / mebibyte} MiB ${compileMs.toFixed(0)} ms`,
  )
  return `Compiling the module with its data segments: ${each.join(", ")}.`
}
