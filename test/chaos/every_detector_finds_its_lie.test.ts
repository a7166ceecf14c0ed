// time limit: 240 s
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { lies } from "./options.js"
import type { Report } from "./report.js"
import { runChaos } from "./run_chaos.js"

/** What somebody does wrong, and the figure of the report that must show it. */
const detectors: readonly {
  readonly lie: (typeof lies)[number]
  readonly figure: keyof Report
  readonly finding: RegExp
}[] = [
  { lie: "seed", figure: "wrong_bytes", finding: /^client-0: wrong \w+: .*page \d+ begins with/m },
  { lie: "uncounted", figure: "wrong_bytes", finding: /^wrong audit: counter \d+ is/m },
  { lie: "exit", figure: "lost_clients", finding: /^client-0 .*ended with code 7/m },
  { lie: "stuck", figure: "lost_clients", finding: /thread has stood still/ },
  {
    lie: "descriptor",
    figure: "leaked_descriptors",
    finding: /^leaked: (pipe|socket): \d before/m,
  },
  { lie: "memfd", figure: "leaked_memfds", finding: /^leaked: .memfd:forgotten: 0 before/m },
  { lie: "manager-descriptor", figure: "leaked_descriptors", finding: /^leaked: .dev.null/m },
  { lie: "manager-crash", figure: "manager_failures", finding: /^ended by itself: source/m },
]

const test = suite()
const short = ["--clients", "1", "--only", "stop", "--seconds", "1", "--model-mib", "4"]

for (const { lie, figure, finding } of detectors) {
  test(`${lie} shows as ${figure}`, async () => {
    const { code, report, output } = await runChaos(...short, "--patience-ms", "1500", "--lie", lie)

    assert.is(code, 1, output)
    assert.ok(Number(report[figure]) > 0, output)
    assert.match(report.findings.join("\n"), finding)
    assert.match(output, new RegExp(`npm run chaos -- .*--seed ${report.seed}`))
  })
}

test("without a lie the same run passes", async () => {
  const { code, report, output } = await runChaos(...short)

  assert.is(code, 0, output)
  assert.equal(report.findings, [])
  assert.ok(report.steps_served > 100, output)
  assert.ok(report.additions > 10, output)
})

test.run()
