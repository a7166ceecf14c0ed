// time limit: 120 s
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { runChaos } from "../run_chaos.js"
import type { guestLies } from "./options.js"
import type { GuestReport } from "./report.js"

/** What somebody does wrong, and the figure of the report that must show it. */
const detectors: readonly {
  readonly lie: (typeof guestLies)[number]
  readonly figure: keyof GuestReport
  readonly finding: RegExp
}[] = [
  { lie: "seed", figure: "wrong", finding: /^VM \d .*own thread .*: \d+ of 2048 wrong; the/m },
  { lie: "exit", figure: "lost_vms", finding: /^VM 0 of Firecracker 1\.16 .*signal SIGKILL/m },
]

const test = suite()
const short = ["--guest", "--plain", "--kills", "1", "--size", "8MiB", "--quiet"]

for (const { lie, figure, finding } of detectors) {
  test(`${lie} shows as ${figure}`, async () => {
    const { code, report, output } = await runChaos<GuestReport>(...short, "--lie", lie)

    assert.is(code, 1, output)
    assert.ok(Number(report[figure]) > 0, output)
    assert.match(report.findings.join("\n"), finding)
    assert.match(output, new RegExp(`npm run chaos -- --guest .*--seed ${report.seed}`))
  })
}

test.run()
