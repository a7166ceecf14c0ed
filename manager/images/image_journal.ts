import { z } from "zod"
import { bootId } from "../boot.js"
import { reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { StateDirectory } from "../state/state_directory.js"
import type { Image } from "./registry.js"

const record = z.object({
  /** Memory and processes end with the boot, and so does what is said of them here. */
  boot: z.string(),
  id: z.number().int().min(1),
  name: z.string(),
  key: z.string(),
  memory: z.string(),
  /** Where the image can be opened by its file, or by several: the base first. */
  path: z.string().optional(),
  layers: z.array(z.string()).optional(),
  lengthBytes: z.string(),
  isWritable: z.boolean(),
  /** It was added while the manager ran: no configuration names it. */
  isAdded: z.boolean(),
  owner: z.number().optional(),
  allowUids: z.array(z.number()).optional(),
  allowGids: z.array(z.number()).optional(),
})

const schema = record.transform(({ path, layers, ...known }) => ({
  ...known,
  paths: layers ?? (path === undefined ? [] : [path]),
}))

/** An image of an earlier manager of this boot. */
export type PastImage = z.output<typeof schema>

const fileName = (id: number): string => `image-${id}.json`
const filePattern = /^image-(\d+)\.json$/

/**
 * What a manager that comes after a kill -9 has to know of this one's images: a file for each, from
 * before its first client until its last region has ended. Written without waiting for the disk:
 * what does not survive a crash of the machine is of no use after one. JS thread.
 */
export class ImageJournal {
  /** From the newest on. */
  readonly past: readonly PastImage[]
  private readonly boot = bootId()
  private isFrozen = false

  constructor(
    private readonly state: StateDirectory,
    private readonly log: Logger,
  ) {
    const names = state.list().filter((name) => filePattern.test(name))
    const past = names.map((name) => this.read(name)).filter((found) => found !== undefined)
    this.past = past.sort((one, other) => other.id - one.id)
  }

  /** A failure is the state directory's to tell: the image is served all the same. */
  note(image: Image): void {
    const { id, name, key, memory, isWritable, isAdded, owner, rule } = image
    const [path, ...over] = image.paths
    const entry: z.input<typeof record> = {
      boot: this.boot,
      ...{ id, name, key, memory, isWritable, isAdded },
      lengthBytes: String(image.lengthBytes),
      // Managers that know no layers read what has one file.
      ...(over.length === 0 ? path !== undefined && { path } : { layers: [...image.paths] }),
      ...(owner !== undefined && { owner }),
      ...(rule.allowUids !== undefined && { allowUids: [...rule.allowUids] }),
      ...(rule.allowGids !== undefined && { allowGids: [...rule.allowGids] }),
    }
    try {
      this.state.write(fileName(id), Buffer.from(JSON.stringify(entry)))
    } catch (error) {
      this.log.debug({ image: name, reason: reasonOf(error) }, "an image is not in the journal")
    }
  }

  forget(id: number): void {
    if (this.isFrozen) return
    try {
      this.state.remove(fileName(id))
    } catch (error) {
      this.log.debug({ image_id: id, reason: reasonOf(error) }, "a journal entry stays")
    }
  }

  /** This manager ends, and its clients do not: what it served is the next one's. */
  freeze(): void {
    this.isFrozen = true
  }

  private read(name: string): PastImage | undefined {
    try {
      const parsed = schema.parse(JSON.parse(String(this.state.read(name))))
      if (parsed.boot === this.boot && name === fileName(parsed.id)) return parsed
    } catch (error) {
      this.log.warn({ file: name, reason: reasonOf(error) }, "a journal entry cannot be read")
    }
    this.state.remove(name)
    return undefined
  }
}
