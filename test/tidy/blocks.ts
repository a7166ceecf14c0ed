import { blank } from "./blank.js"

/** A brace block that holds statements: a function's body, or part of one. */
export interface Block {
  readonly firstLine: number
  readonly lines: number
}

interface Open {
  readonly line: number
  readonly isCode: boolean
}

/**
 * Finds the outermost blocks of statements by counting braces: what is no type, namespace or
 * literal counts as a function. A block inside a function that is taken for one itself does no
 * harm, since it is the shorter.
 */
export function findFunctions(code: string): Block[] {
  const text = blank(code)
  const stack: Open[] = []
  const blocks: Block[] = []
  let line = 1
  let headerStart = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === "\n") line++
    if (character === "{") {
      const header = text.slice(headerStart, at)
      const headerLines = header.trimStart().split("\n").length - 1
      stack.push({ line: line - headerLines, isCode: opensStatements(header) })
    }
    if (character === "}") {
      const open = stack.pop()
      if (open?.isCode && !stack.some(({ isCode }) => isCode)) {
        blocks.push({ firstLine: open.line, lines: line - open.line + 1 })
      }
    }
    if (character === "{" || character === "}" || character === ";") headerStart = at + 1
  }
  return blocks
}

const declaring = "class|struct|union|enum|namespace|interface|import|export|extern"
/** From the last of these words on. */
const declaration = new RegExp(`\\b(?:${declaring})\\b(?!.*\\b(?:${declaring})\\b).*$`, "s")

/**
 * Whether a block after this text holds statements: not the members of a type, nor the values of a
 * literal.
 */
function opensStatements(headerText: string): boolean {
  const header = headerText.replace(/\btemplate\s*<[^{}]*?>(?=\s*\w)/g, "").trim()
  if (header === "" || header.endsWith("=>")) return header !== ""
  // What stands before belongs to other statements, where those end without a semicolon.
  const [declared] = header.match(declaration) ?? []
  if (declared !== undefined) return /\(/.test(declared)
  return !/(?:[=([,:?&|<]|\breturn)$/.test(header)
}
