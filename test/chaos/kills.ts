import { setTimeout as delay } from "node:timers/promises"
import type { Daemon } from "./daemon.js"
import type { Random } from "./random.js"

/**
 * SIGKILL, so many times: again while the next one starts, or just after it did. Nobody serves
 * then. When the last was given is the answer.
 */
export async function killInARow(daemon: Daemon, random: Random, times: number): Promise<bigint> {
  let atNs = await daemon.kill()
  for (let again = 1; again < times; again++) {
    const starting = daemon.start()
    starting.catch(() => {}) // Being killed is what it is for.
    const isReady = random.once(2)
    await (isReady ? starting : delay(random.between(1, 250)))
    atNs = await daemon.kill()
  }
  return atNs
}
