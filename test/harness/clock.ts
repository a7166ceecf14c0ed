/** Runs it with a monotonic clock that stands still unless the test moves it. */
export function withClock(run: (pass: (ms: number) => void) => void): void {
  const { now } = performance
  // Whole milliseconds add up without a rest.
  let nowMs = Math.ceil(now.call(performance))
  performance.now = () => nowMs
  try {
    run((ms) => {
      nowMs += ms
    })
  } finally {
    performance.now = now
  }
}
