/**
 * What a page source answered, in words. A source is anybody's code: nothing that it answers or
 * throws may throw here.
 */

const charactersMax = 500

/** Bytes of exactly that length; throws an Error that says what is found and wanted. */
export function checkedBytes(answer: unknown, lengthBytes: number): Uint8Array {
  if (!(answer instanceof Uint8Array)) {
    throw new Error(`it answered with ${describeValue(answer)}, wanted a Uint8Array`)
  }
  if (answer.byteLength !== lengthBytes) {
    throw new Error(`it answered with ${answer.byteLength} bytes, wanted ${lengthBytes}`)
  }
  return answer
}

/** Why a read failed, whatever it threw. */
export function failureOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.message === "string" && thrown.message !== "") {
      return clipped(thrown.message)
    }
  } catch {
    // Its message is code, and fails too.
  }
  return `it failed with ${describeValue(thrown)}, wanted an Error that says why`
}

export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === "string") return `a string of ${value.length} characters`
  if (typeof value === "number") return `the number ${value}`
  if (typeof value !== "object") return `a ${typeof value}`
  try {
    const name: unknown = value.constructor?.name
    return typeof name === "string" && name !== "" ? `a ${clipped(name)}` : "an object"
  } catch {
    return "an object"
  }
}

function clipped(text: string): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}...`
}
