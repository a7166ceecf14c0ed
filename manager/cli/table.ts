import { type Paint, printable, type Style, type Terminal } from "./terminal.js"

/** One column of a table whose rows are of type Row. */
export interface Column<Row> {
  readonly title: string
  readonly align?: "left" | "right"
  /** Gives way when the line is longer than the terminal; one column of a table may. */
  readonly shrinks?: true
  readonly cell: (row: Row) => string
  readonly style?: (row: Row) => Style
}

export interface RenderedTable {
  readonly header: string
  readonly lines: readonly string[]
}

const gap = "  "
const shrunkColumnsMin = 8

/**
 * Lays rows out in columns no wider than the terminal. Cells are made printable here, whatever they
 * hold.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  terminal: Terminal,
  indent = "",
): RenderedTable {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))))
  const widths = columns.map((column, index) =>
    cells.reduce(
      (widest, line) => Math.max(widest, lengthOf(line[index] ?? "")),
      column.title.length,
    ),
  )
  shrink(columns, widths, terminal.columns - indent.length)

  const line = (
    texts: readonly string[],
    styleOf: (column: Column<Row>) => Style,
    paint: Paint,
  ) => {
    const padded = columns.map((column, index) => {
      const text = fit(texts[index] ?? "", widths[index] ?? 0, column.align ?? "left")
      return paint(styleOf(column), text)
    })
    return (indent + padded.join(gap)).trimEnd()
  }
  const titles = columns.map(({ title }) => title)
  return {
    header: line(titles, () => "dim", terminal.paint),
    lines: rows.map((row, index) =>
      line(cells[index] ?? [], (column) => column.style?.(row) ?? "plain", terminal.paint),
    ),
  }
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], room: number): void {
  const index = columns.findIndex(({ shrinks }) => shrinks)
  const wide = widths[index]
  if (wide === undefined) return
  const total = widths.reduce((sum, width) => sum + width, 0) + gap.length * (columns.length - 1)
  const tooMuch = Math.max(0, total - room)
  widths[index] = Math.min(wide, Math.max(shrunkColumnsMin, wide - tooMuch))
}

function fit(text: string, width: number, align: "left" | "right"): string {
  const characters = [...text]
  if (characters.length > width) return `${characters.slice(0, width - 1).join("")}…`
  const padding = " ".repeat(width - characters.length)
  return align === "left" ? text + padding : padding + text
}

const lengthOf = (text: string): number => [...text].length
