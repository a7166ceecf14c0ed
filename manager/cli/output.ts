import { once } from "node:events"
import { safeJson } from "../safe_json.js"

/** Prints lines on stdout, and waits while its reader is behind. */
export async function print(lines: string | readonly string[]): Promise<void> {
  const text = typeof lines === "string" ? lines : lines.join("\n")
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain")
}

/** One JSON value on one line. */
export function printJson(value: unknown): Promise<void> {
  return print(safeJson(JSON.stringify(value)))
}
