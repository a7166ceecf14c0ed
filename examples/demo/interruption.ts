/** Thrown through everything that runs when an example is asked to stop. */
export class Interrupted extends Error {}

/** Aborted by the signals that ask a program to end, and when nobody reads what it prints. */
export function interruptionBySignals(): AbortController {
  const interruption = new AbortController()
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Stays in place: a second Ctrl-C must not cut short the cleaning up that the first began.
    process.on(name, () => interruption.abort(new Interrupted(`Interrupted by ${name}`)))
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => interruption.abort(new Interrupted("Nobody reads on")))
  }
  return interruption
}

/** The end of a program that could not do what it was asked for. */
export function reportFailure(program: string, isJson: boolean, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\n${program}: ${message}\n`)
  if (isJson) console.log(JSON.stringify({ ok: false, error: message }))
  process.exitCode = error instanceof Interrupted ? 130 : 1
}
