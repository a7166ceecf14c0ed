/** Values of options; each throws a sentence for people. */

const unitBytes = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const

export function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`--${name} is "${text}", wanted a number`)
}

export function wholeNumber(
  name: string,
  text: string | undefined,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const value = number(name, text, otherwise)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`--${name} is "${text}", wanted a whole number from ${least} to ${most}`)
}

/** "2GiB", "64MiB" or bytes. */
export function sizeBytes(name: string, text: string): number {
  const [, digits, unit = "B"] = /^(\d+)(B|KiB|MiB|GiB)?$/.exec(text) ?? []
  if (digits === undefined) throw new Error(`--${name} is "${text}", wanted a size like 64MiB`)
  return Number(digits) * unitBytes[unit as keyof typeof unitBytes]
}

export function oneOf(name: string, value: string, names: readonly string[]): string {
  if (names.includes(value)) return value
  throw new Error(`--${name} is "${value}", wanted one of ${names.join(", ")}`)
}
