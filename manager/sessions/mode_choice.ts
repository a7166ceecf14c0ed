import type { Access, Mode, TakenMode } from "../../protocol/messages.js"
import { ClientError } from "../errors.js"
import type { Residency } from "../images/residency.js"

/** What decides how a region is served. */
export interface ModeQuestion {
  readonly image: string
  readonly isWritable: boolean
  readonly residency: Residency
  /** What the client wishes. */
  readonly mode: Mode
  readonly access: Access
  /** What it can do at that place. */
  readonly modes: readonly TakenMode[]
}

/** How a region is served, and why, in words. */
export interface ModeChoice {
  readonly mode: TakenMode
  readonly why: string
}

/**
 * The mode that a region gets. Throws a ClientError that says what was found and what is wanted
 * when there is none.
 */
export function chooseMode(question: ModeQuestion): ModeChoice {
  checkAccess(question)
  return question.access === "shared" ? chooseShared(question) : choosePrivate(question)
}

function checkAccess({ image, isWritable, access }: ModeQuestion): void {
  const refuse = (found: string, wanted: string) => {
    const message = `Cannot map image "${image}" with access "${access}": ${found}, ${wanted}`
    return new ClientError("unsupported_access", message)
  }
  if (access === "shared" && !isWritable) {
    throw refuse("it was not added as writable", 'wanted access "private"')
  }
  if (access === "private" && isWritable) {
    throw refuse("it is writable, so others' writes show in it", 'wanted access "shared"')
  }
}

function chooseShared(question: ModeQuestion): ModeChoice {
  const { mode, modes } = question
  if (mode === "copy" || mode === "cow") {
    throw unsupportedMode(question, mode, 'with access "shared" wanted "share" or "auto"')
  }
  if (!modes.includes("share")) throw beyondClient(question, "share")
  return { mode: "share", why: "writes are shared" }
}

function choosePrivate(question: ModeQuestion): ModeChoice {
  const { mode, modes, residency } = question
  if (mode === "auto") return chooseFreely(question)
  if (!modes.includes(mode)) throw beyondClient(question, mode)
  if (mode === "cow" && !residency.isFull) throw notResident(question)
  return { mode, why: "asked for" }
}

/** The cheapest that goes: no faults at all, then shared pages, then pages of the client's own. */
function chooseFreely(question: ModeQuestion): ModeChoice {
  const { modes, residency } = question
  const canShare = modes.includes("share")
  if (modes.includes("cow")) {
    if (residency.isFull) return { mode: "cow", why: "the whole image is resident" }
    if (canShare) return { mode: "share", why: "not all of the image is resident" }
    if (!modes.includes("copy")) throw notResident(question)
    return { mode: "copy", why: "not all of the image is resident, and the client cannot share it" }
  }
  if (canShare) return { mode: "share", why: "the client cannot map it copy-on-write there" }
  return { mode: "copy", why: "the client can take copies only there" }
}

function beyondClient(question: ModeQuestion, mode: TakenMode): ClientError {
  const can = question.modes.map((able) => `"${able}"`).join(" or ")
  return unsupportedMode(question, mode, `the client can do ${can} there`)
}

function unsupportedMode({ image }: ModeQuestion, mode: Mode, wanted: string): ClientError {
  const message = `Cannot map image "${image}" with mode "${mode}": ${wanted}`
  return new ClientError("unsupported_mode", message)
}

function notResident({ image, residency }: ModeQuestion): ClientError {
  const { presentBytes, lengthBytes } = residency
  const found = `${presentBytes} of its ${lengthBytes} bytes are resident`
  const message = `Cannot map image "${image}" with mode "cow": ${found}, load the image first`
  return new ClientError("not_resident", message)
}
