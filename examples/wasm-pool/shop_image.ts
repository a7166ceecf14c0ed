import { buildImage } from "pagerd"
import type { SqliteInstance } from "./database.js"
import { openShop } from "./shop.js"
import { readSqliteModule, sqliteImports } from "./sqlite_module.js"

export interface ShopImage {
  readonly directory: string
  readonly lengthBytes: number
  /** The shop's database, in every instance. */
  readonly database: number
}

/** Makes an image of an instance whose database is filled. */
export async function buildShopImage(directory: string): Promise<ShopImage> {
  let database = 0
  const image = await buildImage(readSqliteModule(), {
    imports: sqliteImports(),
    init: (instance) => {
      database = openShop(instance as unknown as SqliteInstance)
    },
  })
  await image.save(directory)
  return { directory, lengthBytes: image.byteLength, database }
}
