import { runInNewContext } from "node:vm"
import quickJs from "@jitl/quickjs-wasmfile-release-sync"
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSSyncVariant,
} from "quickjs-emscripten-core"
import { makeMemory } from "../client/wasm_memory.js"
import type { Subject } from "./subject.js"

/** The module's own: 16 MiB, in pages of 64 KiB, of 2 GiB. */
const memorySize = { initial: 256, maximum: 32_768 }

const program = `
  const people = []
  for (let id = 0; id < 20000; id++) people.push({ id, name: "name " + (id * 7919 % 20011) })
  const byName = new Map(people.map((person) => [person.name, person]))
  const pattern = /(\\d)(\\d)$/
  function find(key) { return JSON.stringify(byName.get("name " + key) ?? null) }
  function fold() {
    return people.reduce((sum, { id, name }) =>
      (sum * 31n + BigInt(id) + BigInt(name.replace(pattern, "$2$1").length)) % 1000000007n, 7n)
      .toString(36)
  }`

const questions = ["find(12345)", "find(3)", "find(99999)", "fold()"]

interface Instance {
  readonly memory: ReturnType<typeof makeMemory>
  readonly context: QuickJSContext
}

/** An instance between two calls: the same each time, since it is made in the same way. */
async function start(): Promise<Instance> {
  const memory = makeMemory(memorySize)
  // The package's types take its ES module for a CommonJS one.
  const base = quickJs as unknown as QuickJSSyncVariant
  const variant = newVariant(base, { wasmMemory: memory as never })
  const module = await newQuickJSWASMModuleFromVariant(variant)
  return { memory, context: module.newContext() }
}

/** quickjs-emscripten: a JavaScript engine, whose heap holds the objects of a program. */
export async function quickJsSubject(): Promise<Subject> {
  const builder = await start()
  evaluate(builder.context, `${program}; ""`)
  return {
    name: "quickjs",
    image: new Uint8Array(builder.memory.buffer).slice(),
    answer: async (attach) => {
      const { memory, context } = await start()
      await attach(memory)
      return questions.map((code) => evaluate(context, code))
    },
    expected: questions.map((code) => String(runInNewContext(`${program}; ${code}`))),
  }
}

function evaluate(context: QuickJSContext, code: string): string {
  const handle = context.unwrapResult(context.evalCode(code))
  const text = context.getString(handle)
  handle.dispose()
  return text
}
