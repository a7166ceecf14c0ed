import { test } from "uvu"
import * as assert from "uvu/assert"
import {
  counted,
  formatBytes,
  formatCount,
  formatSeconds,
  formatUs,
} from "../../manager/cli/quantities.js"
import { type Column, renderTable } from "../../manager/cli/table.js"

const written = <Value>(format: (value: Value) => string, values: readonly Value[]) =>
  values.map((value) => format(value))

test("figures have three digits at most and the right unit", () => {
  const bytes = [
    0,
    999,
    1_000,
    1024,
    1536,
    99.96 * 1024,
    2 ** 20 - 1,
    2 ** 30,
    1.5 * 2 ** 40,
    2 ** 60,
  ]
  assert.equal(written(formatBytes, bytes), [
    "0 B",
    "999 B",
    "1 KiB",
    "1 KiB",
    "1.5 KiB",
    "100 KiB",
    "1 MiB",
    "1 GiB",
    "1.5 TiB",
    "1024 PiB",
  ])
  assert.equal(written(formatUs, [0, 8.54, 99.96, 999.6, 12_800, 999_600, 61e6]), [
    "0 µs",
    "8.5 µs",
    "100 µs",
    "1 ms",
    "12.8 ms",
    "1 s",
    "1 min 1 s",
  ])
  assert.equal(written(formatSeconds, [0.25, 9.96, 59.6, 200, 7_500, 273_600, 86_400]), [
    "0.3 s",
    "10 s",
    "1 min",
    "3 min 20 s",
    "2 h 5 min",
    "3 d 4 h",
    "1 d",
  ])
  assert.is(formatCount(1_234_567.6), "1,234,568")
  assert.is(counted(1, "page"), "1 page")
  assert.is(counted(1_000, "page"), "1,000 pages")
})

interface Row {
  readonly name: string
  readonly count: number
}

const columns: readonly Column<Row>[] = [
  { title: "NAME", shrinks: true, cell: ({ name }) => name },
  { title: "COUNT", align: "right", cell: ({ count }) => String(count) },
]
const plain = (columnsMax: number) => ({
  columns: columnsMax,
  paint: (_: unknown, text: string) => text,
})

test("columns are as wide as their widest cell, and one gives way", () => {
  const rows = [
    { name: "a rather long name", count: 7 },
    { name: "short", count: 12_345_678 },
  ]

  const wide = renderTable(columns, rows, plain(80))
  const narrow = renderTable(columns, rows, plain(24))
  const tiny = renderTable(columns, rows, plain(4))

  assert.is(wide.header, "NAME                   COUNT")
  assert.equal(wide.lines, ["a rather long name         7", "short               12345678"])
  assert.equal(narrow.lines, ["a rather long…         7", "short           12345678"])
  assert.is(tiny.lines[0], "a rathe…         7")
})

test("colours do not count as width", () => {
  const painted = renderTable(columns, [{ name: "a", count: 1 }], {
    columns: 80,
    paint: (style, text) => (style === "dim" ? `<${text}>` : text),
  })

  assert.is(painted.header, "<NAME>  <COUNT>")
  assert.is(painted.lines[0], "a         1")
})

test.run()
