import { Bed, type BedOptions } from "./bed.js"
import type { Case } from "./cases.js"

export interface CaseResult {
  readonly name: string
  readonly claim: string
  readonly state: "pass" | "fail" | "skip"
  /** What went wrong, or why it could not be tried; "" when it passed. */
  readonly reason: string
  readonly tookMs: number
}

/** One case with VMs of its own, which are gone afterwards. */
export async function runCase(one: Case, options: BedOptions): Promise<CaseResult> {
  const bed = new Bed(options)
  const startedMs = performance.now()
  const end = (state: CaseResult["state"], reason: string): CaseResult => ({
    name: one.name,
    claim: one.claim,
    state,
    reason,
    tookMs: Math.round(performance.now() - startedMs),
  })
  try {
    const why = await one.run(bed)
    return why ? end("skip", why) : end("pass", "")
  } catch (error) {
    return end("fail", reasonOf(error as Error))
  } finally {
    await bed.end()
  }
}

/** A VM that does not answer waits for a page, or in a madvise for its event to be read. */
function reasonOf({ message }: Error): string {
  const isLate = /^the answer to .* took longer than/.test(message)
  return isLate ? `${message}: the VM waits for the manager` : message.trimEnd()
}

/** The lines that a person reads: one for each case, its reason below, and the sum. */
export function caseLines({ name, claim, state, reason, tookMs }: CaseResult): string {
  const head = `${state.padEnd(4)} ${String(tookMs).padStart(6)} ms  ${name.padEnd(22)} ${claim}`
  return reason === "" ? head : `${head}\n${reason.replace(/^/gm, `${" ".repeat(16)}| `)}`
}

export function sumLine(results: readonly CaseResult[]): string {
  const count = (state: CaseResult["state"]): number =>
    results.filter((result) => result.state === state).length
  return `${count("pass")} passed, ${count("fail")} failed, ${count("skip")} skipped`
}
