import type { TakenMode } from "../../../protocol/messages.js"
import type { TestBed } from "../test_bed.js"
import { summedMemory } from "./summed.js"

/** The memory of some workers over one image, in one mode. */
export interface MemoryFigures {
  readonly mode: TakenMode
  readonly workers: number
  readonly pssBytes: number
  readonly wantedBytes: number
}

const modes: readonly TakenMode[] = ["copy", "share", "cow"]
export const workerCounts = [1, 8, 64]
const mebibyte = 1024 * 1024

/** Each worker has read a quarter of the image, and written a hundredth of it. */
export async function measureMemory(bed: TestBed): Promise<MemoryFigures[]> {
  const figures: MemoryFigures[] = []
  for (const mode of modes) {
    for (const workers of workerCounts) {
      figures.push({ mode, workers, ...(await summedMemory(bed, mode, workers)) })
    }
  }
  return figures
}

/** Titles first, then a line for each mode. */
export function memoryCells(figures: readonly MemoryFigures[]): string[][] {
  const mib = (bytes: number | undefined) => ((bytes ?? Number.NaN) / mebibyte).toFixed(0)
  const of = (mode: TakenMode, workers: number) =>
    figures.find((line) => line.mode === mode && line.workers === workers)
  return [
    [
      "summed PSS, MiB",
      ...workerCounts.map((count) => (count === 1 ? "1 worker" : `${count} workers`)),
    ],
    ...modes.map((mode) => [mode, ...workerCounts.map((count) => mib(of(mode, count)?.pssBytes))]),
    [
      "touched image, once, and all dirty pages",
      ...workerCounts.map((count) => mib(of("share", count)?.wantedBytes)),
    ],
  ]
}
