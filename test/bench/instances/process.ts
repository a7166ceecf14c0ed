/**
 * One size of memory, in every way, in a process of its own: what it has left in V8's heaps is in
 * nobody else's figures. Prints one line of JSON.
 *
 *   process.js SOCKET BYTES ROUNDS POOL_MS
 */
import { connect } from "../../../client/index.js"
import { median } from "../row.js"
import { type Life, live } from "./life.js"
import { tenantsPerSecond } from "./pool_rate.js"
import { Subject, type Way, ways } from "./ways.js"

export interface WayFigures {
  readonly way: Way
  /** Medians, in ms. */
  readonly life: Life
  readonly tenantsPerSecond: number
}

export interface SizeFigures {
  readonly bytes: number
  /** Of the module with all data in its data segments. */
  readonly compileMs: number
  readonly ways: readonly WayFigures[]
}

const collect = (globalThis as { gc?: () => void }).gc

function mediansOf(lives: readonly Life[]): Life {
  const of = (step: keyof Life) => median(lives.map((life) => life[step]))
  return {
    instantiate: of("instantiate"),
    firstCall: of("firstCall"),
    touchHundredth: of("touchHundredth"),
    touchAll: of("touchAll"),
    reset: of("reset"),
  }
}

async function main(): Promise<void> {
  const [socket = "", bytes, rounds, poolMs] = process.argv.slice(2)
  const pager = await connect({ socket })
  const subject = await Subject.prepare(pager, Number(bytes))
  // In the manager's memory from here on: no figure is about reading files. And what is compiled on
  // first use has been.
  for (const way of [...ways].reverse()) await live(subject, way)
  const lives = new Map<Way, Life[]>(ways.map((way) => [way, []]))
  for (let round = 0; round < Number(rounds); round++) {
    for (const way of ways) {
      collect?.()
      lives.get(way)?.push(await live(subject, way))
    }
  }
  const figures: WayFigures[] = []
  for (const way of ways) {
    collect?.()
    figures.push({
      way,
      life: mediansOf(lives.get(way) ?? []),
      tenantsPerSecond: await tenantsPerSecond(pager, subject, way, Number(poolMs)),
    })
  }
  const found: SizeFigures = { bytes: subject.bytes, compileMs: subject.compileMs, ways: figures }
  console.log(JSON.stringify(found))
  await pager.close()
}

await main()
