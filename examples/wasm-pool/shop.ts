import { Database, type SqliteInstance } from "./database.js"

/** The goods that are in every instance's database from the start. */
export const goods = 20_000

export const priceOf = (good: number): number => 5 + ((good * 7_919) % 9_973)

const schemaSql = `
  CREATE TABLE goods (id INTEGER PRIMARY KEY, price INTEGER NOT NULL, name TEXT NOT NULL);
  CREATE TABLE basket (secret TEXT NOT NULL, good INTEGER NOT NULL, quantity INTEGER NOT NULL);
  WITH RECURSIVE number(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < ${goods})
  INSERT INTO goods SELECT id, 5 + id * 7919 % 9973, printf('good %06d', id * 7 % ${goods})
  FROM number;
  CREATE INDEX goods_by_name ON goods (name);`

/** Fills the database of a new instance; returns its pointer, which all copies of it share. */
export function openShop(instance: SqliteInstance): number {
  const database = Database.openFirst(instance)
  database.execute(schemaSql)
  return database.pointer
}

/** What one customer wants. */
export interface Order {
  /** In no other request. */
  readonly secret: string
  readonly lines: readonly { readonly good: number; readonly quantity: number }[]
  /** Search the whole memory for what tenants leave; it touches every page, so not every time. */
  readonly isInspected: boolean
}

export interface Receipt {
  readonly total: number
  readonly lines: number
  /** Rows of others that were in the basket. */
  readonly foreign_rows: number
  /** Only when inspected: how often the memory held any secret, before and after the work. */
  readonly secrets_before?: number
  readonly secrets_after?: number
}

/** Serves one customer in an instance, and leaves their secret there in several places. */
export function serveOrder(
  instance: SqliteInstance,
  pointer: number,
  { secret, lines, isInspected }: Order,
): Receipt {
  const database = new Database(instance, pointer)
  const before = isInspected ? { secrets_before: countSecrets(instance) } : {}
  const [foreignRows = -1] = database.run("SELECT count(*) FROM basket", [], 1)
  for (const { good, quantity } of lines) {
    database.run("INSERT INTO basket VALUES (?, ?, ?)", [secret, good, quantity])
  }
  const [total = -1, found = -1] = database.run(
    `SELECT sum(price * quantity), count(*) FROM basket JOIN goods ON goods.id = basket.good
     WHERE secret = ?`,
    [secret],
    2,
  )
  const after = isInspected ? { secrets_after: countSecrets(instance) } : {}
  return { total, lines: found, foreign_rows: foreignRows, ...before, ...after }
}

/** Every secret begins with it, and nothing else in the memory does. */
export const secretMark = "s3cr3t-of-"

function countSecrets({ memory }: SqliteInstance): number {
  const bytes = Buffer.from(memory.buffer)
  let found = 0
  for (let at = bytes.indexOf(secretMark); at >= 0; at = bytes.indexOf(secretMark, at + 1)) found++
  return found
}
