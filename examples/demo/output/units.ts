/** Numbers as people read them. Every text that the demo prints gets its figures from here. */

export const mebibyte = 1024 * 1024

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})

/** 262144 -> "262,144" */
export function count(value: number): string {
  return grouped.format(value)
}

/** Whole units from 100 up, one digit after the point below: "1,655", "12.4". */
export function short(value: number): string {
  return Math.abs(value) < 99.95 ? oneDigit.format(value) : grouped.format(value)
}

export function mebibytes(bytes: number): string {
  return `${short(bytes / mebibyte)} MiB`
}

export function milliseconds(value: number): string {
  return `${short(value)} ms`
}

/**
 * The value below which the share `rank` (0 to 1) of the values lies; the upper one of two. 0 for
 * none.
 */
export function quantile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * rank))] ?? 0
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
