import type { NativeEngine } from "../engine/native.js"
import type { Session } from "./session.js"

/** Between two looks at where a client has moved its regions. */
const pauseMs = 200

/**
 * Keeps a session's book of regions like the engine's, which the client changes without a word to
 * us. JS thread; owned by the session.
 */
export class LayoutFollower {
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly session: Pick<Session, "regions" | "space" | "record" | "unmap">,
    private readonly native: Pick<NativeEngine, "regionSnapshots">,
  ) {}

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
    const { regions, space, record } = this.session
    for (const found of space === undefined ? [] : this.native.regionSnapshots(space)) {
      const region = regions.get(found.region)
      if (region === undefined) continue
      if (found.address !== region.address) {
        regions.move(region, found.address)
        record?.noteMapped(region)
      }
      // Its client has unmapped all of it: nobody can say so in any better way.
      if (found.parts === 0) void this.session.unmap(region).catch(() => {})
    }
  }
}
