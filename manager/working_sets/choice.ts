import type { WorkingSet } from "./working_set.js"

/** What is known of how a working set does, beside what it holds. Of this manager alone. */
export interface Experience {
  /** Regions that were mapped since there is a set. */
  attaches: number
  replays: number
  pagesReplayed: number
  /** Pages that runs asked for though a replay was under way or over: not in the set, or late. */
  pagesMissed: number
  pagesLate: number
  /** The last replay left out more than it should have. */
  isDoubtful: boolean
}

export const newExperience = (): Experience => ({
  ...{ attaches: 0, replays: 0, pagesReplayed: 0, pagesMissed: 0, pagesLate: 0 },
  isDoubtful: false,
})

export interface ChoiceRules {
  /** One run in so many is recorded as it is without replay. */
  readonly sampleEvery: number
  /** Below it a set is not replayed. */
  readonly hitRatioMin: number
}

/**
 * `record`: what the run asks for, nothing of it replayed. `replay`: only what the replay leaves
 * out can be seen then. `nothing`: the set does not help, and it was looked at just now.
 */
export type Choice = "record" | "replay" | "nothing"

/** How often one is recorded that is not replayed: it may come to help again. */
const sampleEveryWhileOff = 4

export const isOff = ({ hitRatio }: Pick<WorkingSet, "hitRatio">, { hitRatioMin }: ChoiceRules) =>
  hitRatio !== null && hitRatio < hitRatioMin

/** From here on demand serves bytes that are there as fast as anybody can. */
const wideWindowBytes = 65_536
/** Of a set's pages: fewer that have to be read are not waited for long. */
const absentShareMin = 1 / 16

/**
 * Whether there is something to be gained by a replay: faults that wait for their bytes, or many
 * small ones. Where demand only copies, in large windows, who copies beside it is in its way.
 */
export function isWorthIt(replay: {
  readonly pages: number
  readonly absent: number
  readonly windowBytes: number
}): boolean {
  if (replay.windowBytes < wideWindowBytes) return true
  return replay.absent >= replay.pages * absentShareMin
}

/** What to do with the next region of the set's image. */
export function choose(
  set: Pick<WorkingSet, "hitRatio"> | undefined,
  { attaches, isDoubtful }: Readonly<Experience>,
  rules: ChoiceRules,
): Choice {
  if (set === undefined || isDoubtful) return "record"
  if (isOff(set, rules)) return attaches % sampleEveryWhileOff === 0 ? "record" : "nothing"
  return attaches % rules.sampleEvery === 0 ? "record" : "replay"
}
