import { InvalidArgumentError } from "commander"
import { imageName } from "../../../protocol/messages.js"

export type NamedSources = Readonly<Record<string, string>>

/** Parses one more "NAME=SOURCE" of a repeatable option. A source may hold "=" itself. */
export function addNamedSource(text: string, before: NamedSources = {}): NamedSources {
  const middle = text.indexOf("=")
  if (middle < 0) throw new InvalidArgumentError(`It must be NAME=SOURCE; "${text}" has no "=".`)
  const name = text.slice(0, middle)
  const source = text.slice(middle + 1)
  const checked = imageName.safeParse(name)
  if (!checked.success) {
    const reason = checked.error.issues.map(({ message }) => message).join("; ")
    throw new InvalidArgumentError(`The name "${name}" is none: ${reason}.`)
  }
  if (source === "") throw new InvalidArgumentError(`The image ${name} has no source behind "=".`)
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is named twice.`)
  return { ...before, [name]: source }
}
