import { Bed, type BedOptions } from "./bed.js"
import type { Case } from "./cases.js"
import { TriedProgram } from "./tried_program.js"
import { failureWords } from "./words.js"

export interface CaseResult {
  readonly name: string
  readonly claim: string
  readonly state: "pass" | "fail" | "skip"
  /** What went wrong, or why it could not be tried; "" when it passed. */
  readonly reason: string
  readonly tookMs: number
  /** How the guests ran; null when no VM was started. */
  readonly guest: "kvm" | "plain" | null
  /** Why not under KVM; null when they were. */
  readonly whyPlain: string | null
}

/** One case with VMs of its own, and a handler of its own where there is a command; none stays. */
export async function runCase(one: Case, options: BedOptions): Promise<CaseResult> {
  const bed = new Bed(options)
  const startedMs = performance.now()
  const end = (state: CaseResult["state"], reason: string): CaseResult => ({
    name: one.name,
    claim: one.claim,
    state,
    reason,
    tookMs: Math.round(performance.now() - startedMs),
    guest: bed.guest?.mode ?? null,
    whyPlain: bed.guest?.why_plain ?? null,
  })
  const { command, socket, image } = options
  let handler: TriedProgram | undefined
  try {
    if (command !== undefined) handler = await TriedProgram.start(command, socket, image)
    const why = await one.run(bed)
    return why ? end("skip", why) : end("pass", "")
  } catch (error) {
    const words = failureWords((error as Error).message, bed.pids)
    return end("fail", [words, handler?.lastWords ?? ""].join("\n").trimEnd())
  } finally {
    await bed.end()
    await handler?.end()
  }
}

/** The lines that a person reads: one for each case, its reason below, and the sum. */
export function caseLines({ name, claim, state, reason, tookMs }: CaseResult): string {
  const head = `${state.padEnd(4)} ${String(tookMs).padStart(6)} ms  ${name.padEnd(22)} ${claim}`
  return reason === "" ? head : `${head}\n${reason.replace(/^/gm, `${" ".repeat(16)}| `)}`
}

export function sumLine(results: readonly CaseResult[]): string {
  const count = (state: CaseResult["state"]): number =>
    results.filter((result) => result.state === state).length
  const isPlain = results.some(({ guest }) => guest === "plain")
  const way = isPlain ? ", WITHOUT KVM" : ""
  return `${count("pass")} passed, ${count("fail")} failed, ${count("skip")} skipped${way}`
}
