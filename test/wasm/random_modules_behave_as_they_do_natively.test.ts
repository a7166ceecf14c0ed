// time limit: 180 s
import fc from "fast-check"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildImage, connect, type Mode } from "../../client/index.js"
import { type Exports, type GrowableMemory, webAssembly } from "../../client/wasm/webassembly.js"
import { modes } from "./modes.js"
import { writeModule } from "./module_writer.js"
import { type Call, callsOf, type RandomModule, randomModule } from "./random_module.js"
import { withPager } from "./test_bed.js"

const runs = 120
const seed = Number(process.env.PAGERD_SEED ?? Date.now() % 2 ** 31)

const traps = [
  "RuntimeError: memory access out of bounds",
  "RuntimeError: unreachable",
  "RuntimeError: table index is out of bounds",
]

/** Whether the module exports it or not, for looking into it from outside. */
const peeked = "peeked memory"

interface Subject {
  readonly exports: Exports
  readonly memory: GrowableMemory
}

/** Makes native instances of the same module, with the memory's name aside. */
async function nativeMaker({ random, init }: Scenario): Promise<() => Subject> {
  const [memory] = random.spec.memories ?? []
  assert.ok(memory)
  const visible = { ...random.spec, memories: [{ ...memory, exportAs: peeked }] }
  const module = await webAssembly.compile(writeModule(visible))
  return () => {
    const { exports } = new webAssembly.Instance(module, {})
    perform({ exports }, init)
    return { exports, memory: exports[peeked] as GrowableMemory }
  }
}

/** What each call gave: its result, or what it threw. */
function perform({ exports }: Pick<Subject, "exports">, calls: readonly Call[]): string[] {
  return calls.map(({ name, argument }) => {
    try {
      return `${(exports[name] as (argument: number) => bigint)(argument)}`
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`
    }
  })
}

function requireEqual(found: Subject, wanted: Subject, when: string): void {
  const every: Call[] = [{ name: "state", argument: 0 }]
  assert.equal(perform(found, every), perform(wanted, every), `globals and table ${when}`)
  const [bytes, nativeBytes] = [found, wanted].map(({ memory }) => Buffer.from(memory.buffer))
  assert.ok(bytes && nativeBytes)
  assert.is(bytes.length, nativeBytes.length, `length of the memory ${when}`)
  if (bytes.equals(nativeBytes)) return
  const at = bytes.findIndex((byte, index) => byte !== nativeBytes[index])
  assert.unreachable(`byte ${at} is ${bytes[at]}, wanted ${nativeBytes[at]}, ${when}`)
}

interface Scenario {
  readonly random: RandomModule
  readonly init: readonly Call[]
  readonly tenants: readonly (readonly Call[])[]
}

const scenario: fc.Arbitrary<Scenario> = randomModule.chain((random) =>
  fc.record({
    random: fc.constant(random),
    init: random.hidesEffects ? fc.constant([]) : callsOf(random),
    tenants: fc.array(callsOf(random), { minLength: 1, maxLength: 3 }),
  }),
)

async function behavesAsNatively(socket: string, mode: Mode, drawn: Scenario): Promise<void> {
  const { random, init, tenants } = drawn
  const image = await buildImage(writeModule(random.spec), {
    ...(random.hidesEffects ? {} : { init: (instance) => void perform(instance, init) }),
  })
  const makeNative = await nativeMaker(drawn)
  const pager = await connect({ socket })
  try {
    const instance = await pager.instantiate(image, {}, { mode })
    assert.is(instance.mode, mode)
    requireEqual(instance, makeNative(), "at first")
    for (const [index, calls] of tenants.entries()) {
      const native = makeNative()
      const results = perform(instance, calls)
      assert.equal(results, perform(native, calls), `results of tenant ${index}`)
      requireEqual(instance, native, `after tenant ${index}`)

      seen.add(await instance.reset())
      for (const result of results) seen.add(result.replace(/^-?\d+$/, "a result"))
      requireEqual(instance, makeNative(), `after reset ${index}`)
    }
    await instance.close()
  } finally {
    await pager.close()
  }
}

/** What has happened in any of the runs: resets, and results without their numbers. */
const seen = new Set<string>()

const test = suite()

for (const mode of modes) {
  test(
    `in mode ${mode}: results, traps, memory and globals, also after resets`,
    withPager(async (_, manager) => {
      console.log(`PAGERD_SEED=${seed}`)

      await fc.assert(
        fc.asyncProperty(scenario, (drawn) => behavesAsNatively(manager.socket, mode, drawn)),
        { numRuns: runs, seed },
      )

      for (const wanted of ["in_place", "reinstantiated", "a result", ...traps]) {
        assert.ok(seen.has(wanted), `never seen: ${wanted}, but ${[...seen].join(", ")}`)
      }
      seen.clear()
    }),
  )
}

test.run()
