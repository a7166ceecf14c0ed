import type { RegionSnapshot } from "../engine/native.js"
import type { Region, RegionBook } from "./region_book.js"

/** Between two looks at where a client has moved its regions. */
const pauseMs = 200

export interface LayoutScope {
  readonly regions: RegionBook
  /** Where the engine has them. */
  readonly look: () => readonly RegionSnapshot[]
  readonly onMoved: (region: Region) => void
  /** Its client has unmapped all of it. */
  readonly onGone: (region: Region) => void
}

/**
 * Keeps a session's book of regions like the engine's, which the client changes without a word to
 * us. JS thread; owned by the session.
 */
export class LayoutFollower {
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly scope: LayoutScope) {}

  /** Something has changed. Looked at soon, however often that is said. */
  note(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.follow()
    }, pauseMs).unref()
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private follow(): void {
    const { regions, look, onMoved, onGone } = this.scope
    for (const found of look()) {
      const region = regions.get(found.region)
      if (region === undefined) continue
      if (found.address !== region.address) {
        regions.move(region, found.address)
        onMoved(region)
      }
      if (found.parts === 0) onGone(region)
    }
  }
}
