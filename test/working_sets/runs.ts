import type { SessionView, WorkingSetView } from "../../manager/view.js"
import { type CClient, type CMapOptions, startCClient } from "../harness/c_client.js"
import type { DebugSocket } from "../harness/debug_socket.js"
import { retryUntil } from "../harness/retry.js"

export const page = 4096
const budgetMs = 20_000

/** Any manager of a test's. */
export interface Served {
  readonly socket: string
  readonly debug: DebugSocket
}

export const setsOf = ({ debug }: Served): Promise<WorkingSetView[]> =>
  debug.get<WorkingSetView[]>("/v1/working_sets")

export async function setOf(served: Served, image: string): Promise<WorkingSetView | undefined> {
  return (await setsOf(served)).find((set) => set.image === image)
}

/** Waits until so many replays of the image's set have come to their end in this manager. */
export function awaitReplays(served: Served, image: string, replays: number): Promise<unknown> {
  return retryUntil(`${replays} replays of ${image}`, budgetMs, async () => {
    const set = await setOf(served, image)
    return set !== undefined && set.replays >= replays
  })
}

/** Of a client's that lives: faults that came to the manager. */
export async function faultsOf({ debug }: Served, { pid }: CClient): Promise<number> {
  const sessions = await debug.get<SessionView[]>("/v1/sessions")
  const session = sessions.find((candidate) => candidate.pid === pid)
  if (session === undefined) throw new Error(`there is no session of pid ${pid}`)
  return session.faults.missing + session.faults.minor
}

/** A client that maps an image with windows of a page, and lives until it is ended. */
export async function startRun(served: Served, image: string, options: CMapOptions = {}) {
  const client = await startCClient(served.socket)
  const region = await client.map(image, { mode: "copy", windowBytes: page, ...options })
  return { client, region }
}

/** Returns once its session has ended, and what there was to record of it is recorded. */
export async function endRun(served: Served, client: CClient): Promise<void> {
  await client.stop()
  await awaitEnd(served, client)
}

/** Of its session, whatever ended it. */
export async function awaitEnd({ debug }: Served, { pid }: CClient): Promise<void> {
  await retryUntil(`the end of the session of ${pid}`, budgetMs, async () => {
    const sessions = await debug.get<SessionView[]>("/v1/sessions")
    return !sessions.some((session) => session.pid === pid)
  })
}

/** A client that touches these pages of an image, each after the one before, and ends. */
export async function run(
  served: Served,
  image: string,
  [first, end]: readonly [first: number, end: number],
  options: CMapOptions & { readonly stride?: number } = {},
): Promise<void> {
  const { client, region } = await startRun(served, image, options)
  await client.touch(region, first * page, (end - first) * page, (options.stride ?? 1) * page)
  await endRun(served, client)
}
