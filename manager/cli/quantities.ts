const binaryUnits: readonly string[] = ["KiB", "MiB", "GiB", "TiB", "PiB"]

/** "0 B", "812 KiB", "1.5 GiB": three digits at most. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = "B"
  for (const larger of binaryUnits) {
    // 999.5 would be rounded to four digits.
    if (value < 999.5) break
    value /= 1024
    unit = larger
  }
  return `${threeDigits(value)} ${unit}`
}

/** Of "4096", "812KiB", "256 MiB": how many; NaN of anything else. */
export function parseBytes(text: string): number {
  const [, digits, unit] = /^(\d{1,15}) ?([KMGTP]iB)?$/.exec(text) ?? []
  if (digits === undefined) return Number.NaN
  const power = unit === undefined ? 0 : binaryUnits.indexOf(unit) + 1
  return Number(digits) * 1024 ** power
}

/** "8.5 µs", "2.3 ms", "1.2 s". */
export function formatUs(us: number): string {
  if (us < 999.5) return `${threeDigits(us)} µs`
  if (us < 999_500) return `${threeDigits(us / 1e3)} ms`
  return formatSeconds(us / 1e6)
}

/** "1.2 s", "59 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${threeDigits(seconds)} s`
  const whole = Math.round(seconds)
  const steps = [
    { unit: "d", seconds: 86_400, smaller: "h", smallerSeconds: 3_600 },
    { unit: "h", seconds: 3_600, smaller: "min", smallerSeconds: 60 },
    { unit: "min", seconds: 60, smaller: "s", smallerSeconds: 1 },
  ]
  const step = steps.find((candidate) => whole >= candidate.seconds)
  if (step === undefined) return `${whole} s`
  const rest = Math.floor((whole % step.seconds) / step.smallerSeconds)
  const head = `${Math.floor(whole / step.seconds)} ${step.unit}`
  return rest === 0 ? head : `${head} ${rest} ${step.smaller}`
}

/** "12,345". */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US")
}

/** "1 client", "12,345 clients". */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`
}

/** "0", "8.5", "21.4", "140": a tenth only where it says something. */
function threeDigits(value: number): string {
  return value < 99.95 ? String(Number(value.toFixed(1))) : String(Math.round(value))
}
