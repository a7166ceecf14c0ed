import type { Image, ImageRegistry } from "../images/registry.js"
import type { InspectableWorkingSets, WorkingSetDetailView, WorkingSetView } from "../view.js"
import { isOff } from "../working_sets/choice.js"
import { decodeSet, encodeSet, MalformedWorkingSet } from "../working_sets/format.js"
import { isRecorded } from "../working_sets/settings.js"
import { eachPair, pagesIn, type WorkingSet } from "../working_sets/working_set.js"
import type { WorkingSets } from "../working_sets/working_sets.js"

/** Working sets by their images' names, for those who look and for those who carry them about. */
export class WorkingSetDesk implements InspectableWorkingSets {
  constructor(
    private readonly sets: WorkingSets,
    private readonly images: Pick<ImageRegistry, "list" | "findAny">,
  ) {}

  list(): WorkingSetView[] {
    return (this.sets.kept?.list() ?? []).map((set) => this.viewOf(set))
  }

  find(name: string, pageBytes?: number): WorkingSetDetailView | undefined {
    const set = this.named(name, pageBytes)
    if (set === undefined) return undefined
    const ranges: WorkingSetDetailView["ranges"] = []
    eachPair(this.replayOf(set), (first, pages) => {
      ranges.push({ offset_bytes: first * set.pageBytes, length_bytes: pages * set.pageBytes })
    })
    return { ...this.viewOf(set), ranges }
  }

  file(name: string, pageBytes?: number): object | undefined {
    const set = this.named(name, pageBytes)
    return set && encodeSet(set)
  }

  take(name: string, file: unknown): WorkingSetView {
    const image = this.images.findAny(name)
    const given = decodeSet(file)
    if (BigInt(given.lengthBytes) !== image.lengthBytes) {
      const found = `an image of ${given.lengthBytes} bytes`
      throw new MalformedWorkingSet(`It is of ${found}, and ${name} has ${image.lengthBytes}`)
    }
    // Whoever imports it vouches that the bytes are alike. How it did elsewhere says little here.
    const set = { ...given, image: name, key: image.key, hitRatio: null }
    this.sets.adopt(set)
    return this.viewOf(set)
  }

  remove(name: string): boolean {
    const found = (this.sets.kept?.list() ?? []).filter(({ image }) => image === name)
    for (const set of found) this.sets.forget(set)
    return found.length > 0
  }

  /** That of the image which has the name now, else the newest of one that had it. */
  private named(name: string, pageBytes: number | undefined): WorkingSet | undefined {
    const key = this.imageOf(name)?.key
    const isOfSize = (set: WorkingSet) => pageBytes === undefined || set.pageBytes === pageBytes
    const kept = (this.sets.kept?.list() ?? []).filter(isOfSize)
    return kept.find((set) => set.key === key) ?? kept.find(({ image }) => image === name)
  }

  private imageOf(name: string): Image | undefined {
    return this.images.list().find((image) => image.name === name)
  }

  private replayOf(set: WorkingSet) {
    const whole = { first: 0, end: Math.ceil(set.lengthBytes / set.pageBytes) }
    return this.sets.replayOf(set, whole)
  }

  private viewOf(set: WorkingSet): WorkingSetView {
    const { settings } = this.sets
    const isUsed = this.images
      .list()
      .some((image) => image.key === set.key && isRecorded(image, settings))
    const experience = this.sets.experienceOf(set)
    const pages = pagesIn(this.replayOf(set))
    return {
      image: set.image,
      key: set.key,
      state: !isUsed ? "unused" : isOff(set, settings) ? "off" : "on",
      length_bytes: set.lengthBytes,
      page_bytes: set.pageBytes,
      pages,
      pages_kept: set.ranges.reduce((sum, range) => sum + range.pages, 0) - pages,
      runs: set.runs,
      hit_ratio: set.hitRatio,
      recorded_at: set.recordedAt,
      recordings: this.sets.recordingsOf(set),
      replays: experience.replays,
      pages_replayed: experience.pagesReplayed,
      pages_missed: experience.pagesMissed,
      pages_late: experience.pagesLate,
    }
  }
}
