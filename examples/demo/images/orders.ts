import { RandomNumbers } from "./random_numbers.js"

/** The database of the demo: one table of orders and an index, and what workers ask of it. */

export const schemaSql = `
  CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, city TEXT NOT NULL,
    cents INTEGER NOT NULL, note TEXT NOT NULL)`

export const indexSql = "CREATE INDEX orders_by_customer ON orders (customer)"

export const customersMax = 40_009

/** A note is the order's number times each of these, in hexadecimal: 384 characters. */
const noteFactors = [1, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
const noteFormat = "%032x".repeat(noteFactors.length)
const noteParts = noteFactors.map((factor) => `id * ${factor}`).join(", ")

/**
 * Inserts the orders ?1 to ?2. The numbers are made of the row's own, so that every build is the
 * same.
 */
export const insertSql = `
  INSERT INTO orders
  WITH RECURSIVE ids (id) AS (SELECT ?1 UNION ALL SELECT id + 1 FROM ids WHERE id < ?2)
  SELECT id, id * 7919 % ${customersMax}, printf('city-%03d', id * 31 % 997), id * 104729 % 1000003,
    printf('${noteFormat}', ${noteParts})
  FROM ids`

/**
 * The order is the one in which a worker asks: the first is the one whose answer it waits for
 * first.
 */
export const questionSql = {
  order: "SELECT city, cents, substr(note, 24, 16) FROM orders WHERE id = ?1",
  customer: "SELECT count(*), sum(cents), min(id) FROM orders WHERE customer = ?1",
  range: "SELECT count(*), sum(cents), max(city) FROM orders WHERE id BETWEEN ?1 AND ?2",
  aggregate: "SELECT count(*), min(id), max(id) FROM orders WHERE customer BETWEEN ?1 AND ?2",
} as const

export type QuestionKind = keyof typeof questionSql

export interface Question {
  readonly kind: QuestionKind
  readonly parameters: readonly number[]
}

export interface AnsweredQuestion extends Question {
  readonly answer: string
}

const ordersAsked = 200
const customersAsked = 20
const rangesAsked = 4
const rangeRows = 500

/**
 * What one worker asks: mostly single orders and customers, a few ranges, one aggregate over the
 * index.
 */
export function questionsOf(worker: number, rows: number): Question[] {
  const random = new RandomNumbers(0x0dd5 + worker)
  const order = (): Question => ({ kind: "order", parameters: [1 + random.below(rows)] })
  const customer = (): Question => ({ kind: "customer", parameters: [random.below(customersMax)] })
  const range = (): Question => {
    const first = 1 + random.below(rows)
    return { kind: "range", parameters: [first, first + rangeRows - 1] }
  }
  const first = random.below(customersMax)
  const aggregate: Question = {
    kind: "aggregate",
    parameters: [first, first + Math.floor(customersMax / 50)],
  }
  return [
    ...Array.from({ length: ordersAsked }, order),
    ...Array.from({ length: customersAsked }, customer),
    ...Array.from({ length: rangesAsked }, range),
    aggregate,
  ]
}
