import { ClientError, ManagerError } from "../../manager/errors.js"
import type {
  AddImageOptions,
  AddListenerOptions,
  FaultView,
  ImageFiles,
  ImageView,
  InfoView,
  Inspectable,
  ListenerView,
  RegionView,
  SessionDetailView,
  SessionView,
  StatsView,
} from "../../manager/view.js"
import { FakeWorkingSets } from "./fake_working_sets.js"
import * as made from "./made_views.js"

/** A manager with nothing behind it: what the debug socket shows is what a test puts here. */
export class FakeManager implements Inspectable {
  state: InfoView["state"] = "serving"
  readonly sessionList: SessionView[] = [made.session("s1"), made.session("s2")]
  readonly regionList: RegionView[] = [made.region("s1", 1), made.region("s1", 2)]
  readonly imageList: ImageView[] = [made.image("model"), made.image("u1000/sqlite.db")]
  readonly listenerList: ListenerView[] = [made.listener("model", "/run/pagerd/vm.sock")]
  readonly faultRing: FaultView[] = []
  readonly workingSets = new FakeWorkingSets()
  /** Records the ring holds; older ones are overwritten. */
  faultsKeptMax = 100_000
  #sequence = 0

  constructor(readonly socket = "/run/pagerd/pagerd.sock") {}

  /** Lets a client fault `count` times. */
  addFaults(count: number, fields: Partial<FaultView> = {}): void {
    for (let added = 0; added < count; added++) {
      this.#sequence += 1
      this.faultRing.push({ ...made.fault(this.#sequence), ...fields })
    }
    this.faultRing.splice(0, this.faultRing.length - this.faultsKeptMax)
  }

  info(): InfoView {
    return { ...made.info(this.socket), state: this.state }
  }

  drain(): void {
    this.state = "draining"
  }

  sessions(): SessionView[] {
    return this.sessionList
  }

  session(id: string): SessionDetailView | undefined {
    const session = this.sessionList.find((candidate) => candidate.id === id)
    if (session === undefined) return undefined
    return { ...session, region_list: this.regionList.filter((region) => region.session === id) }
  }

  regions(): RegionView[] {
    return this.regionList
  }

  images(): ImageView[] {
    return this.imageList
  }

  stats(): StatsView {
    return { ...made.stats(), images: this.imageList.length }
  }

  faults(after: number, max: number): FaultView[] {
    const later = this.faultRing.filter((fault) => fault.sequence > after)
    return after === 0 ? later.slice(Math.max(0, later.length - max)) : later.slice(0, max)
  }

  async addImage(
    name: string,
    given: ImageFiles,
    { writable = false, load = false, allowUids, allowGids }: AddImageOptions = {},
  ): Promise<ImageView> {
    if (this.imageList.some((image) => image.name === name)) {
      throw new ClientError("image_exists", `There is an image ${name} already`)
    }
    const rule = { allow_uids: allowUids ?? null, allow_gids: allowGids ?? null }
    const layers = typeof given === "string" ? [given] : given
    const files = { source: layers.join(","), layers }
    const image = { ...made.image(name), ...files, writable, fully_resident: load, ...rule }
    this.imageList.push(image)
    return image
  }

  listeners(): ListenerView[] {
    return this.listenerList
  }

  addListener(image: string, path: string, { once, mode }: AddListenerOptions): ListenerView {
    const listener = { ...made.listener(image, path), once, mode: `0${mode.toString(8)}` }
    this.listenerList.push(listener)
    return listener
  }

  removeListener(path: string): void {
    const at = this.listenerList.findIndex((listener) => listener.path === path)
    if (at < 0) throw new ManagerError("unknown_listener", `Nothing listens at ${path}`)
    this.listenerList.splice(at, 1)
  }

  async loadImage(name: string): Promise<ImageView> {
    const image = this.imageList.find((candidate) => candidate.name === name)
    if (image === undefined) throw new ClientError("unknown_image", `There is no image ${name}`)
    image.resident_bytes = image.length_bytes
    image.fully_resident = true
    return image
  }

  removeImage(name: string): void {
    const index = this.imageList.findIndex((image) => image.name === name)
    if (index < 0) throw new ClientError("unknown_image", `There is no image ${name}`)
    this.imageList.splice(index, 1)
  }
}
