import type { OnDiscard, TakenMode } from "../../protocol/messages.js"
import { ClientError } from "../errors.js"
import type { UserfaultfdAbilities } from "./userfaultfd.js"

export interface DiscardQuestion {
  readonly image: string
  readonly mode: TakenMode
  /** Undefined: what has always been. */
  readonly onDiscard: OnDiscard | undefined
  readonly abilities: Pick<UserfaultfdAbilities, "tellsDiscards">
}

/**
 * What a region's pages read as once its client has discarded them. Throws a ClientError when that
 * cannot be as wished: the kernel alone gives back a file's pages, and zeros are known by being
 * told.
 */
export function chooseDiscard({ image, mode, onDiscard, abilities }: DiscardQuestion): OnDiscard {
  const canBeZero = mode === "copy" && abilities.tellsDiscards
  const chosen = onDiscard ?? (canBeZero ? "zero" : "image")
  if (chosen === "image" || canBeZero) return chosen
  const [found, wanted] =
    mode === "copy"
      ? ["its userfaultfd was made without the feature EVENT_REMOVE", "wanted one with it"]
      : [`in mode "${mode}" a discarded page is the image file's again`, 'wanted mode "copy"']
  const message = `Cannot have on_discard "zero" for image "${image}": ${found}, ${wanted}`
  throw new ClientError("unsupported_discard", message)
}
