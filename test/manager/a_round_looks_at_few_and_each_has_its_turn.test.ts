import { test } from "uvu"
import * as assert from "uvu/assert"
import { LifeWatch } from "../../manager/sessions/life_watch.js"
import { Rounds } from "../../manager/sessions/rounds.js"
import type { Session } from "../../manager/sessions/session.js"

/** Runs it with a timer that only the test lets go off. `beat` answers whether it is armed. */
function withTimer(run: (beat: () => boolean) => void): void {
  const { setInterval, clearInterval } = globalThis
  let armed: (() => void) | undefined
  const made = {
    setInterval: (call: () => void) => {
      armed = call
      return { unref: () => "timer" }
    },
    clearInterval: () => {
      armed = undefined
    },
  }
  Object.assign(globalThis, made)
  try {
    run(() => {
      armed?.()
      return armed !== undefined
    })
  } finally {
    Object.assign(globalThis, { setInterval, clearInterval })
  }
}

test("so many in a round, and each of them before any has its second turn", () => {
  withTimer((beat) => {
    const items = Array.from({ length: 10 }, (_, index) => index)
    let looked: number[] = []
    const rounds = new Rounds(
      4,
      () => items,
      (item) => looked.push(item),
    )

    rounds.start()
    beat()
    assert.is(looked.length, 4)
    beat()
    beat()
    assert.equal(looked.slice(0, 10).toSorted(), items)
    looked = []
    items.length = 2
    beat()

    assert.equal(looked.toSorted(), [0, 1], "of fewer each once")
    rounds.stop()
    assert.not.ok(beat())
  })
})

test("forked children are asked after until there are none, nor any that is kept", () => {
  withTimer((beat) => {
    const asked: number[] = []
    let kept = 1
    const engine = {
      lookForLife: (space: number) => void asked.push(space),
      lookAtKept: () => kept,
    }
    const children = [
      { space: 1, state: "active" },
      { space: 2, state: "closing" },
      { space: undefined, state: "active" },
    ]
    const watch = new LifeWatch(engine, () => children as unknown as Session[])

    watch.start()
    assert.ok(beat())
    assert.equal(asked, [1])
    children.length = 0
    assert.ok(beat(), "one is kept that is not served")
    kept = 0
    assert.not.ok(beat())

    watch.start()
    kept = 1
    assert.ok(beat())
  })
})

test.run()
