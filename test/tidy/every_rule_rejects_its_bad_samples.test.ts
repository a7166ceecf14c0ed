import { suite } from "uvu"
import * as assert from "uvu/assert"
import { rules } from "./rules.js"

const test = suite()

for (const rule of rules) {
  test(`can fail: ${rule.claim}`, () => {
    assert.ok(rule.bad.length > 0)
    for (const files of rule.bad) {
      const findings = rule.check(files)

      assert.ok(findings.length > 0, `accepts ${JSON.stringify(files).slice(0, 300)}`)
    }
  })

  test(`can hold: ${rule.claim}`, () => {
    assert.equal(rule.check(rule.good), [])
  })
}

test.run()
