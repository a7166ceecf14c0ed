import { once } from "node:events"

/** Prints lines on stdout, and waits while its reader is behind. */
export async function print(lines: string | readonly string[]): Promise<void> {
  const text = typeof lines === "string" ? lines : lines.join("\n")
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain")
}

/** One JSON value on one line. */
export function printJson(value: unknown): Promise<void> {
  return print(safeJson(JSON.stringify(value)))
}

/**
 * The same JSON without characters that a terminal might act on; JSON.stringify leaves these as
 * they are.
 */
export function safeJson(json: string): string {
  return json.replace(
    /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}
