import { randomUUID } from "node:crypto"
import { Agent, request } from "node:http"
import { performance } from "node:perf_hooks"
import type { Step } from "../demo/output/progress.js"
import { quantile } from "../demo/output/units.js"
import { goods, type Order, priceOf, type Receipt, secretMark } from "./shop.js"

export interface LoadOptions {
  readonly port: number
  readonly requests: number
  /** Requests under way at once. */
  readonly connections: number
  readonly step: Step
  readonly signal: AbortSignal
}

/** What the requests came to; every answer was right. */
export interface LoadOutcome {
  readonly requests: number
  /** Of these, whose instance was searched for secrets; their times count in the rate only. */
  readonly inspected: number
  readonly requests_per_second: number
  readonly ms_p50: number
  readonly ms_p99: number
}

/** The first ones, and then every so many: a search touches all of an instance's memory. */
const inspectEvery = 20
const inspectFirst = 10
const linesPerOrder = 10

/** Sends requests over so many connections; throws as soon as one is not answered rightly. */
export async function runLoad(options: LoadOptions): Promise<LoadOutcome> {
  const { port, requests, connections, step, signal } = options
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  let next = 0
  let inspected = 0
  const sendSome = async (): Promise<void> => {
    while (next < requests) {
      signal.throwIfAborted()
      const order = orderOf(next++)
      const began = performance.now()
      checkReceipt(order, await send(agent, port, order))
      if (order.isInspected) inspected++
      else times.push(performance.now() - began)
      step.update(times.length + inspected)
    }
  }
  const started = performance.now()
  try {
    await Promise.all(Array.from({ length: connections }, sendSome))
  } finally {
    agent.destroy()
  }
  return {
    requests,
    inspected,
    requests_per_second: requests / ((performance.now() - started) / 1000),
    ms_p50: quantile(times, 0.5),
    ms_p99: quantile(times, 0.99),
  }
}

function orderOf(number: number): Order {
  return {
    secret: `${secretMark}${randomUUID()}`,
    lines: Array.from({ length: linesPerOrder }, (_, line) => ({
      good: 1 + ((number * 31 + line * 997) % goods),
      quantity: 1 + ((number + line) % 5),
    })),
    isInspected: number < inspectFirst || number % inspectEvery === 0,
  }
}

function checkReceipt({ secret, lines, isInspected }: Order, receipt: Receipt): void {
  const total = lines.reduce((sum, { good, quantity }) => sum + priceOf(good) * quantity, 0)
  const wrong = (what: string): Error =>
    new Error(`The request of ${secret} ${what}; it was answered ${JSON.stringify(receipt)}`)
  if (receipt.total !== total || receipt.lines !== lines.length) {
    throw wrong(`comes to ${total} for ${lines.length} lines`)
  }
  if (receipt.foreign_rows !== 0) throw wrong("found rows of another tenant")
  if (!isInspected) return
  if (receipt.secrets_before !== 0) throw wrong("found another tenant's secret in the memory")
  // A search that finds nothing proves something only if it would have found what is there.
  if ((receipt.secrets_after ?? 0) < lines.length) throw wrong("did not find its own secret")
}

function send(agent: Agent, port: number, order: Order): Promise<Receipt> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: "127.0.0.1", port, method: "POST", path: "/orders" }
    const outgoing = request(options, (answer) => {
      const chunks: Buffer[] = []
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.on("error", reject)
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString()
        if (answer.statusCode === 200) resolve(JSON.parse(text) as Receipt)
        else reject(new Error(`The server answered ${answer.statusCode}: ${text}`))
      })
    })
    outgoing.on("error", reject)
    outgoing.end(JSON.stringify(order))
  })
}
