/**
 * Code of C++ or TypeScript with strings, comments and regular expressions blanked out, line ends
 * kept, so that what is left of braces and names is code.
 */
export function blank(code: string): string {
  let out = ""
  let at = 0
  while (at < code.length) {
    const length = tokenLength(code, at, out)
    const token = code.slice(at, at + length)
    out += length === 1 ? token : token.replace(/[^\n]/g, " ")
    at += length
  }
  return out
}

/** Length of the comment, string or regular expression that begins here; 1 for anything else. */
function tokenLength(code: string, at: number, before: string): number {
  const pair = code.slice(at, at + 2)
  if (pair === "//") return upTo(code, at, "\n")
  if (pair === "/*") return upTo(code, at + 2, "*/") + 4
  const character = code[at]
  if (character === '"' || character === "`") return quotedLength(code, at, character)
  if (character === "'") return isDigitSeparator(code, at) ? 1 : quotedLength(code, at, character)
  if (character === "/" && startsExpression(before)) return quotedLength(code, at, "/")
  return 1
}

function upTo(code: string, at: number, end: string): number {
  const found = code.indexOf(end, at)
  return (found === -1 ? code.length : found) - at
}

/**
 * Template literals count whole, their expressions included: none of ours holds a function worth
 * measuring.
 */
function quotedLength(code: string, start: number, quote: string): number {
  let isInSet = false
  for (let at = start + 1; at < code.length; at++) {
    const character = code[at]
    if (character === "\\") at++
    else if (quote === "/" && character === "[") isInSet = true
    else if (quote === "/" && character === "]") isInSet = false
    else if (character === quote && !isInSet) return at + 1 - start
    else if (character === "\n" && quote !== "`") return 1 // Not a literal after all.
  }
  return 1
}

/** 65'536 of C++. */
const isDigitSeparator = (code: string, at: number): boolean =>
  /[0-9a-fA-F]/.test(code[at - 1] ?? "") && /[0-9a-fA-F]/.test(code[at + 1] ?? "")

/** Whether a slash here begins a regular expression rather than dividing. */
const startsExpression = (before: string): boolean =>
  /(?:^|[=([{,;:!&|?>]|\breturn|\n)\s*$/.test(before.slice(-40))
