import { constants } from "node:os"

/**
 * Waits for SIGTERM or SIGINT. The second of them ends the process at once, with the exit code a
 * shell gives for it: whoever asks twice does not want to wait for the drain.
 */
export function awaitEndSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let hasCome = false
    const take = (signal: "SIGTERM" | "SIGINT") => {
      if (hasCome) process.exit(128 + constants.signals[signal])
      hasCome = true
      resolve(signal)
    }
    process.on("SIGTERM", take)
    process.on("SIGINT", take)
  })
}
