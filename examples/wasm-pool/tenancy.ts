import { connect, type Mode, openImage, type WasmImage } from "pagerd"
import type { SqliteExports, SqliteInstance } from "./database.js"
import type { ServerJob } from "./messages.js"
import { openShop } from "./shop.js"
import { readSqliteModule, sqliteImports } from "./sqlite_module.js"

/** An instance for the length of one request. */
export interface Tenancy {
  readonly instance: SqliteInstance
  end(): Promise<void>
}

/** Where instances come from that hold the shop's database and nothing of anybody else's. */
export interface Landlord {
  /** Undefined without pagerd. */
  readonly mode: string | undefined
  readonly why: string | undefined
  /** How instances became free for the next tenant, and how often. */
  readonly resets: Readonly<Record<string, number>>
  begin(): Promise<Tenancy>
  close(): Promise<void>
}

export async function findLandlord(job: ServerJob): Promise<Landlord> {
  if (job.way === "pool") return await pooled(job)
  return job.way === "copy" ? copying() : building()
}

async function pooled({ socket, directory, slots, mode }: ServerJob): Promise<Landlord> {
  const image = await openImage(directory)
  const pager = await connect({ socket })
  const options = { slots, mode, imports: sqliteImports }
  const pool = await pager.pool<SqliteExports>(image, options)
  const resets: Record<string, number> = {}
  const begin = async (): Promise<Tenancy> => {
    const lease = await pool.take()
    const end = async (): Promise<void> => {
      const kind = await lease.release()
      resets[kind] = (resets[kind] ?? 0) + 1
    }
    return { instance: lease, end }
  }
  const close = async (): Promise<void> => {
    await pool.close()
    await pager.close()
  }
  return { ...(await chosenMode(pager, image, options)), resets, begin, close }
}

/** What the manager makes of an instance of the image. */
async function chosenMode(
  pager: Awaited<ReturnType<typeof connect>>,
  image: WasmImage,
  { mode: asked, imports }: { readonly mode: Mode; readonly imports: typeof sqliteImports },
): Promise<Pick<Landlord, "mode" | "why">> {
  const instance = await pager.instantiate(image, imports, { mode: asked })
  const { mode, why } = instance
  await instance.close()
  return { mode, why }
}

interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { exports: SqliteExports }
  readonly Memory: new (size: { initial: number; maximum: number }) => SqliteInstance["memory"]
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace }

/** What sqlite3.wasm declares for the memory that it imports, in pages of 64 KiB. */
const memorySize = { initial: 256, maximum: 32_768 }

function instantiate(module: object): SqliteInstance {
  const memory = new WebAssembly.Memory(memorySize)
  const { env, ...imports } = sqliteImports()
  const { exports } = new WebAssembly.Instance(module, { ...imports, env: { ...env, memory } })
  return { exports, memory }
}

/** A new instance for every request, whose database is filled before it serves. */
function building(): Landlord {
  const module = new WebAssembly.Module(readSqliteModule())
  return withoutPagerd(() => {
    const instance = instantiate(module)
    openShop(instance)
    return instance
  })
}

/** A new instance for every request, over whose memory that of a filled one is copied. */
function copying(): Landlord {
  const module = new WebAssembly.Module(readSqliteModule())
  const filled = instantiate(module)
  openShop(filled)
  const image = new Uint8Array(filled.memory.buffer)
  return withoutPagerd(() => {
    const instance = instantiate(module)
    new Uint8Array(instance.memory.buffer).set(image)
    return instance
  })
}

function withoutPagerd(make: () => SqliteInstance): Landlord {
  return {
    mode: undefined,
    why: undefined,
    resets: {},
    begin: async () => ({ instance: make(), end: async () => {} }),
    close: async () => {},
  }
}
