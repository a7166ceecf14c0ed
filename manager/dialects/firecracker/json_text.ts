import { ClientError } from "../../errors.js"

/** A layout of a thousand regions has a hundred kilobytes. */
export const textBytesMax = 1_048_576

const space = new Set([0x20, 0x09, 0x0a, 0x0d])
const [quote, backslash] = [0x22, 0x5c]
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])

/**
 * Finds where a JSON array or object ends in a text that comes in pieces and says nothing of its
 * own length. Looks at every byte once, however small the pieces are; whether the text is JSON is
 * for a parser to say.
 */
export class JsonText {
  private text = Buffer.alloc(0)
  private bytes = 0
  private depth = 0
  private isInString = false
  private isEscaped = false

  /** Throws a ClientError for what cannot be the beginning of such a text, or is too long. */
  push(piece: Uint8Array): { text: string; rest: Uint8Array } | undefined {
    const end = this.endIn(piece)
    this.take(piece.subarray(0, end ?? piece.length))
    if (this.bytes > textBytesMax) {
      const found = `The message has more than ${textBytesMax} bytes`
      throw new ClientError("oversized_frame", `${found}, wanted the layout of one VM's memory`)
    }
    if (end === undefined) return undefined
    const text = this.text.toString("utf8", 0, this.bytes)
    this.bytes = 0
    return { text, rest: piece.subarray(end) }
  }

  /** Whether part of a text has come, and not its end. */
  get isPartial(): boolean {
    return this.depth > 0
  }

  /** Copied: a piece of one byte would keep hundreds alive. */
  private take(piece: Uint8Array): void {
    const end = this.bytes + piece.length
    if (end > this.text.length) {
      const longer = Buffer.alloc(Math.max(end, 2 * this.text.length))
      this.text.copy(longer, 0, 0, this.bytes)
      this.text = longer
    }
    this.text.set(piece, this.bytes)
    this.bytes = end
  }

  private endIn(piece: Uint8Array): number | undefined {
    for (const [at, byte] of piece.entries()) {
      if (this.isInString) this.stepInString(byte)
      else if (byte === quote && this.depth > 0) this.isInString = true
      else if (openers.has(byte)) this.depth += 1
      else if (closers.has(byte)) this.depth -= 1
      else if (this.depth === 0 && !space.has(byte)) throw noJson(byte)
      if (this.depth < 0) throw noJson(byte)
      if (this.depth === 0 && closers.has(byte) && !this.isInString) return at + 1
    }
    return undefined
  }

  private stepInString(byte: number): void {
    if (this.isEscaped) this.isEscaped = false
    else if (byte === backslash) this.isEscaped = true
    else if (byte === quote) this.isInString = false
  }
}

function noJson(byte: number): ClientError {
  const found = `A message begins with byte 0x${byte.toString(16).padStart(2, "0")}`
  return new ClientError("malformed_frame", `${found}, wanted a JSON array or object`)
}
