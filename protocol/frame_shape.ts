/**
 * A walk over a frame's bytes before msgpackr sees them. A frame is one flat map from strings to
 * strings, whole numbers, booleans and short lists of strings, and nothing else: no nesting to
 * exhaust the stack with, no extension types (msgpackr would build records, dates and regular
 * expressions out of them), no key twice, no byte after the end.
 */

/** More than any message has. */
const fieldsMax = 16
/** More than any list of a message has. */
const elementsMax = 16

/** Why these bytes cannot be a frame, in words, or undefined when they can. */
export function findMisshape(frame: Uint8Array): string | undefined {
  const walk = new FrameWalk(frame)
  try {
    walk.map()
  } catch (error) {
    if (error instanceof Misshape) return error.message
    throw error
  }
  const surplus = frame.length - walk.offset
  return surplus === 0 ? undefined : `${surplus} bytes follow its end`
}

class Misshape extends Error {}

class FrameWalk {
  offset = 0
  private readonly view: DataView
  private readonly text = new TextDecoder("utf-8", { fatal: true })

  constructor(private readonly frame: Uint8Array) {
    this.view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  }

  map(): void {
    const fields = this.mapLength()
    if (fields > fieldsMax)
      throw new Misshape(`it has ${fields} fields, wanted at most ${fieldsMax}`)
    const keys = new Set<string>()
    for (let field = 0; field < fields; field += 1) {
      const key = this.string(this.take(1), "a field's name")
      if (keys.has(key)) throw new Misshape(`field "${printable(key)}" is there twice`)
      keys.add(key)
      this.value(key)
    }
  }

  private mapLength(): number {
    const tag = this.view.getUint8(this.take(1))
    if (tag >= 0x80 && tag <= 0x8f) return tag & 0x0f
    if (tag === 0xde) return this.view.getUint16(this.take(2))
    if (tag === 0xdf) return this.view.getUint32(this.take(4))
    throw new Misshape(`it begins with byte ${hex(tag)}, wanted a msgpack map`)
  }

  private value(key: string): void {
    const field = `field "${printable(key)}"`
    const start = this.take(1)
    const tag = this.view.getUint8(start)
    const width = tag <= 0x7f || tag >= 0xe0 ? 0 : scalarWidths.get(tag)
    if (width !== undefined) this.take(width)
    else if (isArray(tag)) this.list(tag, field)
    else if (isString(tag)) this.string(start, field)
    else {
      const wanted = "wanted a string, a number, a boolean or a list of strings"
      throw new Misshape(`${field} is ${kindOf(tag)}, ${wanted}`)
    }
  }

  private list(tag: number, field: string): void {
    const elements = this.listLength(tag)
    if (elements > elementsMax) {
      throw new Misshape(`${field} is a list of ${elements}, wanted at most ${elementsMax}`)
    }
    for (let element = 0; element < elements; element += 1) {
      this.string(this.take(1), `an element of ${field}`)
    }
  }

  private listLength(tag: number): number {
    if (tag <= 0x9f) return tag & 0x0f
    return tag === 0xdc ? this.view.getUint16(this.take(2)) : this.view.getUint32(this.take(4))
  }

  private string(start: number, what: string): string {
    const tag = this.view.getUint8(start)
    const length = this.stringLength(tag, what)
    const at = this.take(length)
    try {
      return this.text.decode(this.frame.subarray(at, at + length))
    } catch {
      throw new Misshape(`${what} is no valid UTF-8`)
    }
  }

  private stringLength(tag: number, what: string): number {
    if (tag >= 0xa0 && tag <= 0xbf) return tag & 0x1f
    if (tag === 0xd9) return this.view.getUint8(this.take(1))
    if (tag === 0xda) return this.view.getUint16(this.take(2))
    if (tag === 0xdb) return this.view.getUint32(this.take(4))
    throw new Misshape(`${what} is ${kindOf(tag)}, wanted a string`)
  }

  /** Where the next `bytes` bytes start, which lie within the frame; they count as read. */
  private take(bytes: number): number {
    const start = this.offset
    const left = this.frame.length - start
    if (bytes > left) throw new Misshape(`it ends after ${this.frame.length} bytes, in the middle`)
    this.offset += bytes
    return start
  }
}

/** nil, booleans, floats, unsigned and signed integers: the bytes that follow each tag. */
const scalarWidths = new Map([
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
])

function isString(tag: number): boolean {
  return (tag >= 0xa0 && tag <= 0xbf) || (tag >= 0xd9 && tag <= 0xdb)
}

function isArray(tag: number): boolean {
  return (tag >= 0x90 && tag <= 0x9f) || tag === 0xdc || tag === 0xdd
}

function kindOf(tag: number): string {
  if (isString(tag)) return "a string"
  if (tag <= 0x7f || tag >= 0xe0 || (tag >= 0xca && tag <= 0xd3)) return "a number"
  if ((tag >= 0x80 && tag <= 0x8f) || tag === 0xde || tag === 0xdf) return "a map"
  if (isArray(tag)) return "an array"
  if (tag >= 0xc4 && tag <= 0xc6) return "binary"
  if (tag >= 0xc7 && tag <= 0xd8) return "an extension type"
  if (tag === 0xc2 || tag === 0xc3) return "a boolean"
  return tag === 0xc0 ? "nil" : `the unused byte ${hex(tag)}`
}

/**
 * A client's text on its way into a message or a log line: short, and without control characters.
 */
export function printable(text: string): string {
  const short = text.length > 64 ? `${text.slice(0, 64)}...` : text
  return short.replace(/[^\x20-\x7e]/g, "?")
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`
}
