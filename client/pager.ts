import { open } from "node:fs/promises"
import { pageBytes } from "../protocol/limits.js"
import { call, withPlace } from "./call.js"
import { PagerdError } from "./error.js"
import { library, type Pointer } from "./library.js"
import { type MapOptions, toNative } from "./map_options.js"
import { addressOf, PagedMemory, type WasmMemory } from "./paged_memory.js"
import { Region } from "./region.js"
import { RegionHandle } from "./region_handle.js"
import type { WasmImage } from "./wasm/image.js"
import { type ImportsOrMaker, type InstantiateOptions, WasmInstance } from "./wasm/instance.js"
import { type PoolOptions, WasmPool } from "./wasm/pool.js"
import type { Exports } from "./wasm/webassembly.js"

export interface ConnectOptions {
  /** Path of the manager's socket. Default: $PAGERD_SOCKET, else the place pagerd.h names. */
  readonly socket?: string
}

/** Room for the longest name with its prefix "u<uid>/". */
const publishedNameBytesMax = 512
const noticeBytesMax = 1024

export async function connect(options: ConnectOptions = {}): Promise<Pager> {
  const client = await call(library().connect, options.socket ?? null)
  if (connected.size === 0) process.on("exit", giveUpAll)
  connected.add(client)
  return new Pager(client)
}

/**
 * Sessions to give up when the process exits. Node waits for the threads of libuv's pool then, and
 * one of them may be waiting for a manager that is stopped.
 */
const connected = new Set<Pointer>()

function giveUpAll(): void {
  for (const client of connected) library().giveUp(client)
}

/** A session with a manager. It holds its regions and memories until they, or it, are closed. */
export class Pager {
  readonly #client: Pointer
  readonly #members = new Map<RegionHandle, Region | PagedMemory>()
  readonly #underWay = new Set<Promise<unknown>>()
  #end: Promise<void> | undefined

  /** By connect(). */
  constructor(client: Pointer) {
    this.#client = client
  }

  /** Maps an image into new memory. */
  async map(image: string, options: MapOptions = {}): Promise<Region> {
    const nativeOptions = toNative(options)
    return await this.#doing(async () => {
      const pointer = await call(library().map, this.#client, image, nativeOptions)
      const handle = new RegionHandle(pointer)
      return this.#enter(handle, new Region(handle, () => this.#members.delete(handle)))
    })
  }

  /**
   * Puts an image in place of an existing WebAssembly.Memory's bytes, from its address 0 on. Until
   * it resolves no thread may touch the memory: for a moment it is inaccessible.
   */
  async attachMemory(
    memory: WasmMemory,
    image: string,
    options: MapOptions = {},
  ): Promise<PagedMemory> {
    const nativeOptions = toNative(options)
    const room = memory.buffer.byteLength
    if (room < pageBytes) {
      throw new PagerdError("bad_argument", `The memory has ${room} bytes, wanted a page or more`)
    }
    return await this.#doing(async () => {
      const address = addressOf(memory)
      const pointer = await call(
        library().attach,
        this.#client,
        address,
        room,
        image,
        nativeOptions,
      )
      const handle = new RegionHandle(pointer)
      const paged = new PagedMemory(memory, handle, () => this.#members.delete(handle))
      return this.#enter(handle, paged)
    })
  }

  /**
   * Offers a regular file, by path or open descriptor, as an image to this user and root, until the
   * pager is closed. Returns the name it got, which begins with "u<uid>/".
   */
  async publish(name: string, file: number | string): Promise<string> {
    return await this.#doing(async () => {
      if (typeof file === "number") return await this.#publish(name, file)
      const opened = await open(file, "r")
      try {
        return await this.#publish(name, opened.fd)
      } finally {
        await opened.close()
      }
    })
  }

  /** Brings all bytes of an image into the manager's memory; resolves when they are there. */
  async load(image: string): Promise<void> {
    await this.#doing(() => call(library().load, this.#client, image))
  }

  /** An instance of a wasm image on paged memory. `imports` may leave out an imported memory. */
  async instantiate<Own extends object = Exports>(
    image: WasmImage,
    imports: ImportsOrMaker = {},
    options: InstantiateOptions = {},
  ): Promise<WasmInstance<Own>> {
    return await WasmInstance.create<Own>(this, image, imports, options)
  }

  /** Instances of one wasm image, or of several, to be used over and over. */
  async pool<Own extends object = Exports>(
    images: WasmImage | readonly WasmImage[],
    options: PoolOptions,
  ): Promise<WasmPool<Own>> {
    return await WasmPool.create<Own>(this, images, options)
  }

  /** How many pages could not be had so far, and the manager's words about the last of them. */
  get poisoned(): { pages: number; message: string } {
    this.#requireOpen()
    const text = Buffer.alloc(noticeBytesMax)
    const pages = Number(library().poisoned(this.#client, text, text.length))
    return { pages, message: textOf(text) }
  }

  /**
   * Ends the session and every region. When an attached memory lacks pages that cannot be had,
   * those are made inaccessible, and the session is closed all the same before this rejects.
   */
  async close(): Promise<void> {
    this.#end ??= this.#close()
    await this.#end
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay)
    const members = [...this.#members.values()]
    const closed = await Promise.allSettled(members.map((member) => member.close()))
    for (const handle of this.#members.keys()) handle.abandon()
    this.#members.clear()
    connected.delete(this.#client)
    if (connected.size === 0) process.off("exit", giveUpAll)
    await withPlace(
      () =>
        new Promise<void>((resolve) => library().disconnect.async(this.#client, () => resolve())),
    )
    const failure = closed.find((result) => result.status === "rejected")
    if (failure !== undefined) throw failure.reason
  }

  #requireOpen(): void {
    if (this.#end !== undefined) throw new PagerdError("closed", "The pager was closed")
  }

  /** Close waits for what is under way. */
  async #doing<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#requireOpen()
    const result = run()
    this.#underWay.add(result)
    try {
      return await result
    } finally {
      this.#underWay.delete(result)
    }
  }

  #enter<Member extends Region | PagedMemory>(handle: RegionHandle, member: Member): Member {
    this.#members.set(handle, member)
    return member
  }

  async #publish(name: string, file: number): Promise<string> {
    const nameOut = Buffer.alloc(publishedNameBytesMax)
    await call(library().publish, this.#client, name, file, nameOut, nameOut.length)
    return textOf(nameOut)
  }
}

/** What a C function wrote, up to its NUL. */
function textOf(bytes: Buffer): string {
  return bytes.toString("utf8", 0, bytes.indexOf(0))
}
