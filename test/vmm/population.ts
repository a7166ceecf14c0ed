import * as assert from "uvu/assert"
import type { PopulationView, SessionView } from "../../manager/view.js"
import { retryUntil } from "../harness/retry.js"
import type { Listening } from "./vm_listener.js"

const budgetMs = 30_000

export async function onlySession({ debug }: Listening): Promise<SessionView> {
  const [session, ...others] = await debug.get<SessionView[]>("/v1/sessions")
  assert.is(others.length, 0)
  if (session === undefined) throw new Error("the manager has no session")
  return session
}

/** Waits until the memory of the manager's only VM is so far. */
export function awaitPopulation(
  { debug }: Listening,
  state: PopulationView["state"],
): Promise<unknown> {
  return retryUntil(`a population that is ${state}`, budgetMs, async () => {
    const [session] = await debug.get<SessionView[]>("/v1/sessions")
    if (session?.population?.state === "failed" && state !== "failed") {
      throw new Error(`it has failed: ${session.population.failure}`)
    }
    return session?.population?.state === state
  })
}

export function awaitNoSession({ debug }: Listening): Promise<unknown> {
  return retryUntil("the end of every session", budgetMs, async () => {
    return (await debug.get<SessionView[]>("/v1/sessions")).length === 0
  })
}
