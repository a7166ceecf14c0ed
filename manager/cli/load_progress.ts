import type { ImageView } from "../view.js"
import type { DebugClient } from "./debug_client.js"
import { formatBytes } from "./quantities.js"
import { printable } from "./terminal.js"

/** Most loads are over by then, and need no words. */
const everyMs = 1_000

/**
 * Waits for an image's load; while it lasts, says on stderr once a second how far it is. On a
 * terminal that is one line that changes.
 */
export async function withLoadProgress<Answer>(
  client: DebugClient,
  name: string,
  load: Promise<Answer>,
): Promise<Answer> {
  let isOver = false
  let hasLine = false
  const tell = async () => {
    const text = await progressOf(client, name).catch(() => undefined)
    if (text === undefined || isOver) return
    process.stderr.write(process.stderr.isTTY ? `\r${text}\x1b[K` : `${text}\n`)
    hasLine = true
  }
  const timer = setInterval(() => void tell(), everyMs)
  try {
    return await load
  } finally {
    isOver = true
    clearInterval(timer)
    if (hasLine && process.stderr.isTTY) process.stderr.write("\r\x1b[K")
  }
}

/** Undefined while there is no such image (yet). */
async function progressOf(client: DebugClient, name: string): Promise<string | undefined> {
  const images = await client.get<ImageView[]>("/v1/images")
  const image = images.find((candidate) => candidate.name === name)
  if (image === undefined) return undefined
  const present = Math.min(image.resident_bytes + image.zero_bytes, image.length_bytes)
  const share = Math.floor((present / image.length_bytes) * 100)
  const length = formatBytes(image.length_bytes)
  return `loading ${printable(name)}: ${formatBytes(present)} of ${length}, ${share} %`
}
