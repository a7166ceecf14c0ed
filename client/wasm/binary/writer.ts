/** Writes WebAssembly binaries, piece by piece. */

export type Piece = Uint8Array | readonly number[]

export function join(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const joined = new Uint8Array(length)
  let position = 0
  for (const piece of pieces) {
    joined.set(piece, position)
    position += piece.length
  }
  return joined
}

/** An unsigned LEB128 number. */
export function u32(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}

export function name(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  return join([u32(bytes.length), bytes])
}

export function section(id: number, content: readonly Piece[]): Uint8Array {
  const length = content.reduce((sum, piece) => sum + piece.length, 0)
  return join([[id], u32(length), ...content])
}
