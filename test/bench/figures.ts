/** What one run of a measuring program printed: numbers by name, units in the names. */
export class Figures {
  readonly #values: Readonly<Record<string, number>>

  constructor(
    readonly program: string,
    line: string,
  ) {
    this.#values = JSON.parse(line) as Record<string, number>
  }

  get(name: string): number {
    const value = this.#values[name]
    if (typeof value !== "number") throw new Error(`${this.program} printed no "${name}"`)
    return value
  }

  has(name: string): boolean {
    return name in this.#values
  }

  get megabytesPerSecond(): number {
    return (this.get("pages") * pageBytes) / 1e6 / this.get("seconds")
  }

  get thousandsPerSecond(): number {
    return this.get("pages") / 1e3 / this.get("seconds")
  }
}

export const pageBytes = 4096

/** Timings never fail a benchmark; work that was not done, or not done right, does. */
export class BrokenWork extends Error {}

export function checkWork(figures: Figures, command: string, windowBytes = pageBytes): void {
  const broken = (what: string): never => {
    throw new BrokenWork(`${what}: ${command}`)
  }
  if (figures.has("wrong_pages") && figures.get("wrong_pages") !== 0) {
    broken(`${figures.get("wrong_pages")} pages hold wrong bytes`)
  }
  if (figures.has("faults")) {
    const faultsMin = Math.ceil((figures.get("pages") * pageBytes) / windowBytes)
    const faults = figures.get("faults")
    if (faults < faultsMin) broken(`${faults} faults where there must be ${faultsMin} or more`)
  }
  if (figures.has("faults_after") && figures.get("faults_after") > faultsAfterMax) {
    broken(`${figures.get("faults_after")} pages faulted after they had been prefaulted`)
  }
}

/** A process takes a few faults of its own, on its stack for one. */
const faultsAfterMax = 8
