/** Text columns: the first on the left, the others on the right, a rule under the heading. */
export function formatTable(headings: readonly string[], rows: readonly string[][]): string {
  const lines = headings.map((heading) => heading.split("\n"))
  const headingLines = Math.max(...lines.map((line) => line.length))
  const top = Array.from({ length: headingLines }, (_, line) =>
    lines.map((heading) => heading[line - (headingLines - heading.length)] ?? ""),
  )
  const widths = headings.map((_, column) =>
    Math.max(...[...top, ...rows].map((row) => (row[column] ?? "").length)),
  )

  const rule = widths.map((width) => "─".repeat(width))
  return [...top, rule, ...rows].map((row) => alignRow(row, widths)).join("\n")
}

function alignRow(row: readonly string[], widths: readonly number[]): string {
  const cells = widths.map((width, column) => {
    const cell = row[column] ?? ""
    return column === 0 ? cell.padEnd(width) : cell.padStart(width)
  })
  return `  ${cells.join("  ").trimEnd()}`
}
