/** What the place that stdout goes to can show. */
export interface Terminal {
  /** Columns that a line may fill; without a terminal, as many as it needs. */
  readonly columns: number
  readonly paint: Paint
}

export type Paint = (style: Style, text: string) => string
export type Style = keyof typeof styles

const styles = {
  plain: [0, 0],
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  inverse: [7, 27],
} as const

const paintColoured: Paint = (style, text) => {
  if (style === "plain") return text
  const [on, off] = styles[style]
  return `\x1b[${on}m${text}\x1b[${off}m`
}

/** hasColors() knows NO_COLOR, FORCE_COLOR and TERM=dumb. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  const isColoured = stream.isTTY && stream.hasColors()
  return {
    // A terminal that was never told its size says 0.
    columns: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY,
    paint: isColoured ? paintColoured : (_, text) => text,
  }
}

/**
 * Text that came from elsewhere, safe to print: control characters, escape sequences and marks that
 * turn the direction of writing become "?". A client chooses its own command line, and must not
 * write on its observer's terminal.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?")
}
