import type { Engine } from "../engine/engine.js"
import type { PastSpace } from "../engine/past_spaces.js"
import { errnoOf, reasonOf } from "../errors.js"

/** A space that an earlier manager served, in this one's engine. */
export interface AdoptedSpace {
  readonly space: number
  readonly isLayoutKnown: boolean
}

/** By its layout book; or without, when there is none or it is not good. */
export function adoptSpace(
  engine: Engine,
  past: PastSpace,
  warn: (reason: string) => void,
): AdoptedSpace {
  const isLayoutKnown = past.layoutBook !== undefined
  try {
    return { space: engine.adopt(past), isLayoutKnown }
  } catch (error) {
    // Then the userfaultfd was not taken.
    if (!isLayoutKnown || errnoOf(error) === undefined) throw error
    warn(reasonOf(error))
    return { space: engine.adopt({ ...past, layoutBook: undefined }), isLayoutKnown: false }
  }
}
