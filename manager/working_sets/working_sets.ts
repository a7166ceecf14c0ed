import { pageBytes as smallPageBytes } from "../../protocol/limits.js"
import type { Engine } from "../engine/engine.js"
import type { PagePairs } from "../engine/recordings.js"
import type { RegionRequest } from "../engine/region_request.js"
import { reasonOf } from "../errors.js"
import type { Image } from "../images/registry.js"
import type { Logger } from "../log.js"
import { type Choice, choose, type Experience, isWorthIt, newExperience } from "./choice.js"
import { MalformedWorkingSet } from "./format.js"
import { mergeRun, pagesKeptMax } from "./merge.js"
import { isRecorded, pagesMaxOf, type WorkingSetSettings } from "./settings.js"
import type { WorkingSetStore } from "./store.js"
import { UnderWay } from "./under_way.js"
import {
  fromEngine,
  type PageSpan,
  pageSetOf,
  pagesIn,
  replayOf,
  setNameOf,
  spanOf,
  toEngine,
  type WorkingSet,
} from "./working_set.js"

/** A region that is watched, from its mapping until its window is over or it ends. */
interface Watched {
  readonly space: number
  readonly region: number
  readonly image: Image
  /** Of the region's memory: the set is that of such pages. */
  readonly pageBytes: number
  readonly span: PageSpan
  /** The set's pages that are replayed; undefined: none, and all that is touched is recorded. */
  readonly replayed: PagePairs | undefined
  readonly timer: NodeJS.Timeout
}

type Asked = Omit<RegionRequest, "request" | "touchesMax">

/** Touches are noted in small pages, whatever the memory's are. */
const engineUnit = { pageBytes: smallPageBytes }
/** How much of a new hit ratio the last run makes. */
const hitWeight = 0.5
/** Spans of one image for which it is kept what is replayed of them. */
const spansKept = 64

/**
 * Records what runs on an image need after they were mapped, and has the next ones served with it
 * before they ask. Nothing waits for it: demand goes first, and whatever fails here costs a
 * replay. JS thread; owned by the manager.
 */
export class WorkingSets {
  private readonly watched = new Map<string, Watched>()
  private readonly experiences = new Map<string, Experience>()
  /** What was worked out for spans of each. */
  private readonly replays = new WeakMap<WorkingSet, Map<string, PagePairs>>()
  private replaysUnderWay = 0
  /** Replays, and recordings of what is touched without one. */
  private readonly underWay = new UnderWay()
  private store: WorkingSetStore | undefined

  constructor(
    private readonly engine: Pick<Engine, "map" | "replay" | "native">,
    readonly settings: WorkingSetSettings,
    private readonly windowBytesDefault: number,
    private readonly log: Logger,
  ) {}

  /** Sets are kept there from here on; before, nothing is recorded. */
  keepIn(store: WorkingSetStore | undefined): void {
    this.store = store
  }

  get kept(): WorkingSetStore | undefined {
    return this.store
  }

  /** Since this manager began. */
  experienceOf(set: WorkingSet): Readonly<Experience> {
    return this.experiences.get(setNameOf(set)) ?? newExperience()
  }

  /** Regions that the set is being recorded of. */
  recordingsOf(set: WorkingSet): number {
    let count = 0
    for (const watched of this.watched.values()) {
      count += nameOf(watched) === setNameOf(set) ? 1 : 0
    }
    return count
  }

  /** Has the engine map a region. `isNew`: it is no earlier manager's, of which much is there. */
  async map(asked: Asked, image: Image, isNew: boolean): Promise<void> {
    const { imageOffsetBytes, lengthBytes, pageBytes } = asked
    const span = spanOf(imageOffsetBytes, lengthBytes, pageBytes)
    const choice = isNew && span ? this.choose(image, pageBytes) : "nothing"
    const touchesMax = choice === "nothing" ? 0 : pagesMaxOf(this.settings, engineUnit)
    await this.engine.map({ ...asked, touchesMax })
    // The client hears first that its region is mapped.
    if (choice === "nothing" || !span) return
    this.underWay.begin(asked.space)
    setImmediate(() => {
      if (!this.begin(asked, image, span, choice)) this.underWay.end(asked.space)
    })
  }

  /**
   * Resolves once nothing is replayed into the space, and none of its regions is recorded: more
   * pages than those asked for would delay the one, and hide from the other what is needed.
   */
  whenQuiet(space: number): Promise<void> {
    return this.underWay.whenNone(space)
  }

  /** To be called before the engine ends the region. */
  end(space: number, region: number): void {
    const key = keyOf(space, region)
    const watched = this.watched.get(key)
    if (watched === undefined) return
    this.watched.delete(key)
    clearTimeout(watched.timer)
    if (watched.replayed === undefined) this.underWay.end(space)
    const noted = this.engine.native.takeTouches(space, region)
    if (noted === undefined || noted.length === 0) return
    const touches = fromEngine(noted, watched.pageBytes)
    if (watched.replayed === undefined) this.note(watched, touches)
    else this.noteMissed(watched, watched.replayed, touches)
  }

  /** The same for all regions of a space that ends. */
  endAll(space: number): void {
    for (const watched of [...this.watched.values()]) {
      if (watched.space === space) this.end(space, watched.region)
    }
  }

  /** What is under way is dropped: it was cut short by us, and says nothing of a run. */
  stop(): void {
    for (const { timer } of this.watched.values()) clearTimeout(timer)
    this.watched.clear()
    this.store = undefined
  }

  /** For good, as far as it was recorded by now. */
  forget(set: WorkingSet): void {
    this.experiences.delete(setNameOf(set))
    this.store?.remove(setNameOf(set))
  }

  /**
   * As if it had been recorded here; what is known of another that it replaces is not its own.
   * Throws a MalformedWorkingSet when it has more pages than a recorded one could have.
   */
  adopt(set: WorkingSet): void {
    const pages = set.ranges.reduce((sum, range) => sum + range.pages, 0)
    const pagesMax = pagesKeptMax(pagesMaxOf(this.settings, set))
    if (pages > pagesMax) {
      const wanted = `wanted at most ${pagesMax}, by working_sets.bytes_max`
      throw new MalformedWorkingSet(`It has ${pages} pages, ${wanted}`)
    }
    this.experiences.delete(setNameOf(set))
    this.store?.put(set)
  }

  private choose(image: Image, pageBytes: number): Choice {
    const { store, settings } = this
    if (store === undefined || !isRecorded(image, settings)) return "nothing"
    if (this.watched.size >= settings.recordingsMax) return "nothing"
    const name = nameOf({ image, pageBytes })
    const set = store.find(name)
    if (set === undefined) return "record"
    const experience = this.experienceFor(name)
    experience.attaches += 1
    const choice = choose(set, experience, settings)
    if (choice === "record") experience.isDoubtful = false
    return choice
  }

  /** False: nothing is under way by it. */
  private begin(asked: Asked, image: Image, span: PageSpan, choice: Choice): boolean {
    if (this.store === undefined) return false
    const { space, region, pageBytes } = asked
    const what = { image, pageBytes, span }
    const replayed = choice === "replay" ? this.pagesFor(what) : undefined
    if (replayed !== undefined && !this.mayReplay(asked, replayed)) {
      this.engine.native.takeTouches(space, region)
      return false
    }
    const timer = setTimeout(() => this.end(space, region), this.settings.windowMs)
    timer.unref()
    this.watched.set(keyOf(space, region), { space, region, ...what, replayed, timer })
    if (replayed !== undefined) void this.replay(asked, image, replayed)
    return true
  }

  /** Undefined where no run has shown yet what it needs there. */
  private pagesFor(what: Pick<Watched, "image" | "pageBytes" | "span">): PagePairs | undefined {
    const set = this.store?.find(nameOf(what))
    const pages = set && this.replayOf(set, what.span)
    return pages === undefined || pages.length === 0 ? undefined : pages
  }

  /** The pages of the set that are replayed to who maps that much of its image. */
  replayOf(set: WorkingSet, span: PageSpan): PagePairs {
    const known = this.replays.get(set) ?? new Map<string, PagePairs>()
    const name = `${span.first} ${span.end}`
    const pages = known.get(name) ?? replayOf(set, span, pagesMaxOf(this.settings, set))
    // Sets change with each run that is recorded, so one has few that are asked for again.
    if (known.size >= spansKept) known.clear()
    this.replays.set(set, known.set(name, pages))
    return pages
  }

  private mayReplay(asked: Asked, pages: PagePairs): boolean {
    // The engine's places for bulk work are everybody's.
    if (this.replaysUnderWay >= this.settings.replaysMax) return false
    const wanted = toEngine(pages, asked.pageBytes)
    const absent = this.engine.native.absentPages(asked.image, wanted)
    const askedBytes = asked.windowBytes || this.windowBytesDefault
    const windowBytes = Math.max(askedBytes, asked.pageBytes)
    return isWorthIt({ pages: pagesIn(wanted), absent, windowBytes })
  }

  private async replay({ space, region, pageBytes }: Asked, image: Image, pages: PagePairs) {
    const facts = { image: image.name, space, region, pages: pagesIn(pages) }
    this.replaysUnderWay += 1
    try {
      const installed = await this.engine.replay(space, region, toEngine(pages, pageBytes))
      const experience = this.experienceFor(nameOf({ image, pageBytes }))
      experience.replays += 1
      experience.pagesReplayed += (Number(installed) * engineUnit.pageBytes) / pageBytes
      this.log.debug({ ...facts, installed: Number(installed) }, "a working set is replayed")
    } catch (error) {
      this.log.debug({ ...facts, reason: reasonOf(error) }, "a replay has ended early")
    } finally {
      this.replaysUnderWay -= 1
      this.underWay.end(space)
    }
  }

  private note({ image, pageBytes, span }: Watched, touches: PagePairs): void {
    const { store, settings } = this
    const pagesMax = pagesMaxOf(settings, { pageBytes })
    const old = store?.find(nameOf({ image, pageBytes }))
    const replayed = old && this.replayOf(old, span)
    const ranges = mergeRun(old ?? { runs: 0, ranges: [] }, { touches, span }, pagesMax)
    store?.put({
      image: image.name,
      key: image.key,
      lengthBytes: Number(image.lengthBytes),
      pageBytes,
      runs: (old?.runs ?? 0) + 1,
      hitRatio: hitRatioOf(old?.hitRatio ?? null, replayed, touches),
      recordedAt: new Date().toISOString(),
      ranges,
    })
  }

  /** What was asked for though there was a replay. */
  private noteMissed(watched: Watched, replayed: PagePairs, touches: PagePairs): void {
    const inSet = pageSetOf(replayed)
    const touched = pageSetOf(touches)
    let late = 0
    for (const page of touched) late += inSet.has(page) ? 1 : 0
    const missed = touched.size - late
    const experience = this.experienceFor(nameOf(watched))
    experience.pagesMissed += missed
    experience.pagesLate += late
    // The next run is looked at as it is by itself, rather than one of the next sixteen.
    if (missed > inSet.size / 2) experience.isDoubtful = true
  }

  private experienceFor(name: string): Experience {
    const known = this.experiences.get(name)
    if (known !== undefined) return known
    const experience = newExperience()
    // As many as there are sets; those of sets that are gone go when it gets too many.
    if (this.experiences.size > 2 * this.settings.setsMax) this.experiences.clear()
    this.experiences.set(name, experience)
    return experience
  }
}

/** Of the set that is recorded of such memory. */
const nameOf = ({ image, pageBytes }: Pick<Watched, "image" | "pageBytes">): string =>
  setNameOf({ key: image.key, pageBytes })

const keyOf = (space: number, region: number): string => `${space}/${region}`

/** Of the pages that would have been replayed, how many a run without replay has asked for. */
function hitRatioOf(
  before: number | null,
  replayed: PagePairs | undefined,
  touches: PagePairs,
): number | null {
  if (replayed === undefined || replayed.length === 0) return before
  const touched = pageSetOf(touches)
  let hits = 0
  const pages = pageSetOf(replayed)
  for (const page of pages) hits += touched.has(page) ? 1 : 0
  const ratio = hits / pages.size
  return before === null ? ratio : before + hitWeight * (ratio - before)
}
