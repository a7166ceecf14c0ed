// Invariant 16.
// time limit: 180 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { GuestReport } from "../chaos/guests/report.js"
import { runChaos } from "../chaos/run_chaos.js"
import { guestModes } from "./guest_modes.js"

const kills = 4
const short = ["--guest", "--kills", String(kills), "--size", "32MiB", "--patience-ms", "60000"]
/** With this seed two of the kills come in a row. */
const seed = "5"
/** Both VMs, and the one that is restored after all kills. */
const pagesOfThree = 3 * 8_192

for (const { name, isPlain } of guestModes()) {
  test(`guests meet ${kills} kills of their manager and no wrong byte (${name})`, async () => {
    const way = isPlain ? ["--plain"] : []

    const { code, report, output } = await runChaos<GuestReport>(...short, "--seed", seed, ...way)

    assert.is(code, 0, output)
    assert.equal([report.mode, report.kills, report.findings], [name, kills, []])
    assert.equal([report.wrong, report.failed, report.pages_poisoned], [0, 0, 0])
    assert.is(report.pages_inspected, pagesOfThree)
    assert.ok(report.guests_at_work > 0, output)
  })
}

test.run()
