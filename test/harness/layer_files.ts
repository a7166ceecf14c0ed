import { join } from "node:path"
import * as assert from "uvu/assert"
import type { CClient } from "./c_client.js"
import { patternFile } from "./pattern.js"
import { scratchDirectory } from "./scratch.js"

const page = 4096

/** A file: holes but for the pages that are written, each [first, end). */
export interface Layer {
  readonly path: string
  readonly pages: number
  readonly seed: number
  readonly written: readonly (readonly [first: number, end: number])[]
}

/** Pages [first, end) of one pattern; of seed 0: zeros. */
interface Run {
  readonly seed: number
  readonly first: number
  end: number
}

/** The base is shorter than the image, the layer in the middle as long, the last one in between. */
export function threeLayers({ middle = scratchDirectory() } = {}): readonly Layer[] {
  const base = { pages: 1024, seed: 1, written: [[0, 1000]] as const }
  const older = {
    pages: 2048,
    seed: 2,
    written: [
      [100, 200],
      [1500, 1600],
    ] as const,
  }
  const newest = {
    pages: 1536,
    seed: 3,
    written: [
      [150, 160],
      [199, 201],
      [1024, 1025],
    ] as const,
  }
  return [
    writeLayer(base, scratchDirectory()),
    writeLayer(older, middle),
    writeLayer(newest, scratchDirectory()),
  ]
}

export function writeLayer(layer: Omit<Layer, "path">, directory: string): Layer {
  const only = layer.written.map(([first, end]) => {
    return { offsetBytes: first * page, lengthBytes: (end - first) * page }
  })
  const path = join(directory, `layer-${layer.seed}.mem`)
  return { ...layer, path: patternFile(layer.pages * page, layer.seed, { only, path }) }
}

export const sourceOf = (layers: readonly Layer[]): string =>
  layers.map(({ path }) => path).join(",")

export const lengthOf = (layers: readonly Layer[]): number =>
  Math.max(...layers.map(({ pages }) => pages)) * page

/** Each page is the newest layer's that has it, else zeros: the base comes first. */
function mergedRuns(layers: readonly Layer[]): Run[] {
  const runs: Run[] = []
  for (let at = 0; at < lengthOf(layers) / page; at += 1) {
    const has = ({ written }: Layer) => written.some(([first, end]) => first <= at && at < end)
    const seed = layers.findLast(has)?.seed ?? 0
    const last = runs.at(-1)
    if (last?.seed === seed) last.end = at + 1
    else runs.push({ seed, first: at, end: at + 1 })
  }
  return runs
}

/** Reads every byte of the image in the client. */
export async function verifyLayers(
  client: CClient,
  region: number,
  layers: readonly Layer[],
): Promise<void> {
  for (const { seed, first, end } of mergedRuns(layers)) {
    const [offset, length] = [first * page, (end - first) * page]
    const found =
      seed === 0
        ? await client.touch(region, offset, length, 1)
        : (await client.verify(region, seed, offset, length)) + 1
    assert.is(found, 0, `pages ${first} to ${end} of seed ${seed}`)
  }
}
