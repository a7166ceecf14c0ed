import { createHash } from "node:crypto"

/**
 * What the snapshot holds ready: modules imported, a function defined, and called once so that
 * whatever CPython makes at the first use is there.
 */
export const pythonProgram = `
import decimal, hashlib, json, random, re

NUMBER = re.compile(r"^([A-Z])-(\\d+)$")

def answer(text):
    orders = json.loads(text)["orders"]
    total = decimal.Decimal(0)
    shelves = {}
    for order in orders:
        shelf, number = NUMBER.match(order["id"]).groups()
        shelves[shelf] = shelves.get(shelf, 0) + int(number)
        total += decimal.Decimal(order["price"]) * order["quantity"]
    shelves = ",".join(f"{shelf}{shelves[shelf]}" for shelf in sorted(shelves))
    digest = hashlib.sha256(f"{total} {shelves}".encode()).hexdigest()
    return json.dumps({"total": str(total), "shelves": shelves, "digest": digest})

answer('{"orders": [{"id": "A-1", "price": "1.25", "quantity": 2}]}')
`

export const questions = 20
const ordersPerQuestion = 50

interface Order {
  readonly id: string
  readonly cents: number
  readonly quantity: number
}

/** The Python expression for a worker's question, and what it must come to. */
export function question(worker: number, index: number): { code: string; answer: object } {
  const orders = Array.from({ length: ordersPerQuestion }, (_, place): Order => {
    const number = worker * 1_000_003 + index * 7_919 + place * 104_729
    const shelf = String.fromCharCode(65 + (number % 26))
    return { id: `${shelf}-${number}`, cents: 5 + (number % 99_991), quantity: 1 + (number % 9) }
  })
  const text = JSON.stringify({
    orders: orders.map(({ id, cents, quantity }) => ({ id, price: amount(cents), quantity })),
  })
  // A JSON string of plain letters is a Python string.
  return { code: `answer(${JSON.stringify(text)})`, answer: answerInJavaScript(orders) }
}

/** The same work by other means: whole cents, and Node's SHA-256. */
function answerInJavaScript(orders: readonly Order[]): object {
  const sums = new Map<string, number>()
  for (const { id } of orders) {
    const [shelf = "", number] = id.split("-")
    sums.set(shelf, (sums.get(shelf) ?? 0) + Number(number))
  }
  const shelves = [...sums]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([shelf, sum]) => `${shelf}${sum}`)
    .join(",")
  const total = amount(orders.reduce((cents, order) => cents + order.cents * order.quantity, 0))
  const digest = createHash("sha256").update(`${total} ${shelves}`).digest("hex")
  return { total, shelves, digest }
}

const amount = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`
