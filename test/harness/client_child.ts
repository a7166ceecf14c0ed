/** A client process: does what its parent asks, one operation after another. */
import { operations } from "./client_operations.js"

/** What a parent asks for. */
export interface Order {
  readonly order: number
  readonly operation: keyof typeof operations
  readonly arguments: readonly unknown[]
}

/** How an operation ended. One that blocks in a fault says nothing until the fault is resolved. */
export type Report =
  | { readonly order: number; readonly state: "done"; readonly value: unknown }
  | {
      readonly order: number
      readonly state: "failed"
      readonly message: string
      readonly code?: string
    }

function report(message: Report): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()))
}

async function carryOut({ order, operation, arguments: given }: Order): Promise<void> {
  try {
    const value = await (operations[operation] as (...all: unknown[]) => unknown)(...given)
    await report({ order, state: "done", value })
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    await report({ order, state: "failed", message, ...(code === undefined ? {} : { code }) })
  }
}

let last = Promise.resolve()
process.on("message", (order: Order) => {
  last = last.then(() => carryOut(order))
})
// The parent closes the channel to say that it is done with us.
process.on("disconnect", () => process.exit(0))
