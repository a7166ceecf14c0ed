import type { TakenMode } from "../../protocol/messages.js"
import type { Image } from "../images/registry.js"
import type { ModeChoice } from "./mode_choice.js"

/** Names that a session is remembered to have asked for; the one asked for longest ago goes. */
const namesMax = 256

interface Told {
  readonly image: Image
  readonly choice: ModeChoice
}

/** What a session was told when it asked for images, so that a map gives the same reason. */
export class ChoiceBook {
  private readonly byName = new Map<string, Told>()

  note(image: Image, choice: ModeChoice): void {
    this.byName.delete(image.name)
    this.byName.set(image.name, { image, choice })
    if (this.byName.size <= namesMax) return
    const [oldest] = this.byName.keys()
    if (oldest !== undefined) this.byName.delete(oldest)
  }

  /** Why that mode was taken, when it is the one that the client was told of. */
  reasonFor(image: Image, mode: TakenMode): string | undefined {
    const told = this.byName.get(image.name)
    return told?.image === image && told.choice.mode === mode ? told.choice.why : undefined
  }
}
