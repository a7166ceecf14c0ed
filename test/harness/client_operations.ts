/**
 * What a client process does when its test asks (client_process.ts). It lives in that process, uses
 * the client as any program would, and blocks in faults as any program would.
 */
import { closeSync, openSync, read, readSync } from "node:fs"
import { promisify } from "node:util"
import { connect, type MapOptions, type Pager, type Region } from "../../client/index.js"
import { descriptorTargets } from "./observed_process.js"
import { fillPattern, findMismatch } from "./pattern.js"
import { retryUntil } from "./retry.js"

/** Of one message of a userfaultfd. */
const messageBytes = 32
const stealBudgetMs = 20_000
const isUserfaultfd = ({ target }: { target: string }) => target === "anon_inode:[userfaultfd]"

let pager: Pager | undefined
const regions = new Map<number, Region>()
let lastHandle = 0
let stolen: Promise<unknown> = Promise.resolve()

function connected(): Pager {
  if (pager === undefined) throw new Error("this client process has not connected yet")
  return pager
}

function regionOf(handle: number): Region {
  const region = regions.get(handle)
  if (region === undefined) throw new Error(`this client process has no region ${handle}`)
  return region
}

const bytesOf = (handle: number, offset: number, length: number): Uint8Array =>
  new Uint8Array(regionOf(handle).view(offset, length))

function keep(region: Region): number {
  lastHandle += 1
  regions.set(lastHandle, region)
  return lastHandle
}

export const operations = {
  async connect(socket: string): Promise<void> {
    pager = await connect({ socket })
  },

  /** Maps an image. Regions are numbered from 1 in the order they came. */
  async map(image: string, options: MapOptions = {}): Promise<number> {
    return keep(await connected().map(image, options))
  },

  lengthBytes: (handle: number): number => regionOf(handle).byteLength,

  readByte: (handle: number, offset: number): number => bytesOf(handle, offset, 1)[0] ?? -1,

  read: (handle: number, offset: number, length: number): Uint8Array =>
    bytesOf(handle, offset, length).slice(),

  /** Reads one byte of each page. */
  touchPages(handle: number, offset: number, length: number): number {
    let sum = 0
    for (let at = offset; at < offset + length; at += 4096) sum += operations.readByte(handle, at)
    return sum
  },

  write(handle: number, offset: number, bytes: Uint8Array): void {
    bytesOf(handle, offset, bytes.length).set(bytes)
  },

  writePattern(handle: number, seed: number, offset: number, length: number): void {
    fillPattern(bytesOf(handle, offset, length), seed, offset)
  },

  /**
   * Where a range of the region first differs from the pattern; -1 when nowhere. `imageOffset` is
   * where the region begins within its image.
   */
  verify(handle: number, seed: number, offset: number, length: number, imageOffset = 0): number {
    return findMismatch(bytesOf(handle, offset, length), seed, imageOffset + offset)
  },

  /**
   * Lets the kernel write into the region: read(2) of a file. The bytes read, or the error's code.
   */
  readFileInto(handle: number, offset: number, path: string, length: number): number | string {
    const file = openSync(path, "r")
    try {
      return readSync(file, bytesOf(handle, offset, length), 0, length, 0)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error)
    } finally {
      closeSync(file)
    }
  },

  /**
   * Lets a thread of the pool overwrite a byte whose page is absent, and takes the fault's message
   * off the queue, as a manager does that forgets it. For a manager that is stopped meanwhile.
   */
  async stealFault(handle: number, offset: number): Promise<void> {
    const file = openSync("/proc/version", "r")
    stolen = promisify(read)(file, bytesOf(handle, offset, 1), 0, 1, 0).finally(() =>
      closeSync(file),
    )
    const [uffd] = descriptorTargets(process.pid).filter(isUserfaultfd)
    if (uffd === undefined) throw new Error("this client process has no userfaultfd")
    await retryUntil("the fault's message", stealBudgetMs, () => {
      try {
        return readSync(uffd.descriptor, Buffer.alloc(messageBytes)) === messageBytes
      } catch {
        return false // There is none yet.
      }
    })
  },

  /** Returns once the thread whose fault was stolen has gone on. */
  async awaitStolen(): Promise<void> {
    await stolen
  },

  prefault: (handle: number, offset: number, length: number): Promise<void> =>
    regionOf(handle).prefault(offset, length),

  reset: (handle: number): void => regionOf(handle).reset(),

  async closeRegion(handle: number): Promise<void> {
    await regionOf(handle).close()
    regions.delete(handle)
  },

  async closePager(): Promise<void> {
    await connected().close()
    regions.clear()
    pager = undefined
  },
}

export type Operations = typeof operations
