/**
 * The same JSON without characters that a terminal might act on: clients choose some of the words
 * in it, and JSON.stringify leaves these as they are.
 */
export function safeJson(json: string): string {
  return json.replace(/[\x7f-\x9f\p{Cf}\u2028\u2029]/gu, escaped)
}

/** JSON knows code units only: a character beyond U+FFFF is two of them. */
function escaped(character: string): string {
  return character.split("").map(escapedUnit).join("")
}

const escapedUnit = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
