import { suite } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../harness/repository.js"
import { rules } from "./rules.js"
import { readTree } from "./source_file.js"

const test = suite()
const tree = readTree(repository)

for (const rule of rules) {
  test(rule.claim, () => {
    const findings = rule.check(tree)

    for (const { path, line, message } of findings) console.log(`${path}:${line}: ${message}`)
    assert.is(findings.length, 0, `${findings.length} findings, listed above`)
  })
}

test.run()
