import { test } from "uvu"
import * as assert from "uvu/assert"
import { whyNoRoom } from "./room.js"
import { restoreCells } from "./table.js"

const gibibyte = 2 ** 30
const scene = { vms: 32, imageBytes: 2 * gibibyte }

test("VMs fit when their own memory, the image twice and what others need are free", () => {
  const quarter = { ...scene, ownShare: 1 / 4 }

  assert.is(whyNoRoom(quarter, 22 * gibibyte), undefined)
  assert.is(whyNoRoom(quarter, 21.9 * gibibyte), "no room: wants 22.0 GiB, 21.9 are free")
  assert.is(whyNoRoom({ ...scene, ownShare: 0 }, 6 * gibibyte), undefined)
})

test("the table says what was left out, and why", () => {
  const line = {
    ...scene,
    pageBytes: 4096,
    backend: "pagerd",
    figures: undefined,
    hasFailed: false,
  }

  const [titles, cells] = restoreCells([{ ...line, leftOut: "no room" }])

  assert.ok((titles?.length ?? 0) > 5)
  assert.equal(cells, ["2048", "4 KiB", "32", "pagerd", "no room"])
})

test.run()
