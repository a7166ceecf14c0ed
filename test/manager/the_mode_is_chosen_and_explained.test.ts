// Invariant 14.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { ClientError } from "../../manager/errors.js"
import { chooseMode, type ModeQuestion } from "../../manager/sessions/mode_choice.js"
import { access, mode, type TakenMode, takenMode } from "../../protocol/messages.js"

const half = { presentBytes: 4096n, lengthBytes: 8192n, isFull: false }
const whole = { presentBytes: 8192n, lengthBytes: 8192n, isFull: true }
const usual: ModeQuestion = {
  image: "model",
  isWritable: false,
  residency: half,
  mode: "auto",
  access: "private",
  modes: ["copy", "share", "cow"],
}
const writable = { isWritable: true, access: "shared" } as const
const fullAuto = { residency: whole, mode: "auto" } as const

const taken: [string, Partial<ModeQuestion>, TakenMode, string][] = [
  ["auto, whole image resident", fullAuto, "cow", "the whole image is resident"],
  ["auto, half of it resident", {}, "share", "not all of the image is resident"],
  [
    "auto, resident, without cow",
    { ...fullAuto, modes: ["copy", "share"] },
    "share",
    "the client cannot map it copy-on-write there",
  ],
  [
    "auto, resident, copies only",
    { ...fullAuto, modes: ["copy"] },
    "copy",
    "the client can take copies only there",
  ],
  [
    "auto, not resident, without share",
    { modes: ["copy", "cow"] },
    "copy",
    "not all of the image is resident, and the client cannot share it",
  ],
  ["copy", { mode: "copy", residency: whole }, "copy", "asked for"],
  ["share", { mode: "share", residency: whole }, "share", "asked for"],
  ["cow", { mode: "cow", residency: whole }, "cow", "asked for"],
  ["shared access, auto", { ...writable, residency: whole }, "share", "writes are shared"],
  ["shared access, share", { ...writable, mode: "share" }, "share", "writes are shared"],
]

for (const [what, fields, mode, why] of taken) {
  test(`${what}: ${mode}`, () => {
    assert.equal(chooseMode({ ...usual, ...fields }), { mode, why })
  })
}

const refused: [string, Partial<ModeQuestion>, string][] = [
  [
    "unsupported_mode",
    { mode: "share", modes: ["copy", "cow"] },
    'Cannot map image "model" with mode "share": the client can do "copy" or "cow" there',
  ],
  [
    "not_resident",
    { mode: "cow" },
    'Cannot map image "model" with mode "cow": 4096 of its 8192 bytes are resident, ' +
      "load the image first",
  ],
  [
    "not_resident",
    { mode: "auto", modes: ["cow"] },
    'Cannot map image "model" with mode "cow": 4096 of its 8192 bytes are resident, ' +
      "load the image first",
  ],
  [
    "unsupported_access",
    { access: "shared" },
    'Cannot map image "model" with access "shared": it was not added as writable, ' +
      'wanted access "private"',
  ],
  [
    "unsupported_access",
    { isWritable: true },
    'Cannot map image "model" with access "private": it is writable, so others\' writes show in ' +
      'it, wanted access "shared"',
  ],
  [
    "unsupported_mode",
    { ...writable, mode: "cow", residency: whole },
    'Cannot map image "model" with mode "cow": with access "shared" wanted "share" or "auto"',
  ],
  [
    "unsupported_mode",
    { ...writable, modes: ["copy"] },
    'Cannot map image "model" with mode "share": the client can do "copy" there',
  ],
]

for (const [code, fields, sentence] of refused) {
  test(`${code}: ${sentence}`, () => {
    assert.equal(refusalOf({ ...usual, ...fields }), { code, message: sentence })
  })
}

test("whatever is asked, the answer is a mode that can be had, or the right refusal", () => {
  let answers = 0
  for (const question of everyQuestion()) {
    const text = JSON.stringify({ ...question, residency: question.residency.isFull })
    const expected = expectedCode(question)
    const refusal = refusalOf(question)
    assert.is(refusal?.code, expected, text)
    if (expected === undefined) checkTaken(question, text)
    answers += 1
  }
  assert.is(answers, 2 * 2 * 4 * 2 * 7)
})

test.run()

function refusalOf(question: ModeQuestion): { code: string; message: string } | undefined {
  try {
    chooseMode(question)
    return undefined
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    return { code: error.code, message: error.message }
  }
}

function checkTaken(question: ModeQuestion, text: string): void {
  const { mode, why } = chooseMode(question)
  assert.ok(question.modes.includes(mode), text)
  assert.ok(question.mode === "auto" || question.mode === mode, text)
  assert.ok(mode !== "cow" || question.residency.isFull, text)
  assert.ok(mode === "share" || question.access === "private", text)
  assert.ok(why.length > 0, text)
}

/** Written from the other end: what must hold for a mode to be had at all. */
function expectedCode(question: ModeQuestion): string | undefined {
  const { isWritable, mode, access, modes, residency } = question
  if (isWritable !== (access === "shared")) return "unsupported_access"
  const wished = mode === "auto" ? takenMode.options : [mode]
  const possible = wished.filter((wish) => modes.includes(wish))
  if (access === "shared") return possible.includes("share") ? undefined : "unsupported_mode"
  if (possible.length === 0) return "unsupported_mode"
  const isOnlyCow = possible.every((wish) => wish === "cow")
  return isOnlyCow && !residency.isFull ? "not_resident" : undefined
}

function* everyQuestion(): Generator<ModeQuestion> {
  for (const isWritable of [false, true])
    for (const residency of [half, whole])
      for (const wished of mode.options)
        for (const wantedAccess of access.options)
          for (const modes of everySubset())
            yield {
              image: "model",
              isWritable,
              residency,
              mode: wished,
              access: wantedAccess,
              modes,
            }
}

function everySubset(): TakenMode[][] {
  return [1, 2, 3, 4, 5, 6, 7].map((bits) =>
    takenMode.options.filter((_, index) => (bits >>> index) % 2 === 1),
  )
}
