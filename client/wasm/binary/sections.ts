import { Reader } from "./reader.js"

export const sectionIds = {
  custom: 0,
  import: 2,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  data: 11,
  tag: 13,
} as const

export interface Section {
  readonly id: number
  /** Of the whole section, its head included. */
  readonly start: number
  /** Where its content begins. */
  readonly contentStart: number
  readonly end: number
}

const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

export function readSections(bytes: Uint8Array): Section[] {
  const reader = new Reader(bytes)
  for (const [index, wanted] of magicAndVersion.entries()) {
    const text = index < 4 ? 'the start of a module, "\\0asm"' : "version 1 of the core format"
    const found = reader.peek(text)
    if (found !== wanted) throw reader.failure(`0x${found.toString(16)}`, text)
    reader.byte(text)
  }
  const sections: Section[] = []
  while (!reader.isAtEnd) {
    const start = reader.position
    const id = reader.byte("a section")
    const content = reader.part(reader.u32("a section's size"), `section ${id}`)
    if (id !== sectionIds.custom && sections.some((other) => other.id === id)) {
      throw reader.failure(`a second section ${id} before it`, "each section once")
    }
    sections.push({ id, start, contentStart: content.position, end: content.end })
  }
  return sections
}
