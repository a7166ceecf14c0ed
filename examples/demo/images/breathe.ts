/** Lets signals be noticed between two pieces of long work. Throws when one asked us to stop. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate)
  signal.throwIfAborted()
}
