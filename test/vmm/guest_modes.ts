import { closeSync, openSync } from "node:fs"
import { skipLoudly } from "../harness/skip.js"

/** Why there is no KVM for a test here; undefined where there is. */
function whyNoKvm(): string | undefined {
  try {
    closeSync(openSync("/dev/kvm", "r+"))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** For tests that mean nothing without KVM: whether it is there; that it is not is said loudly. */
export function hasKvm(): boolean {
  const why = whyNoKvm()
  if (why !== undefined) skipLoudly("machine", `no guest under KVM: ${why}`)
  return why === undefined
}

export interface GuestMode {
  readonly name: "kvm" | "plain"
  readonly isPlain: boolean
}

const plain: GuestMode = { name: "plain", isPlain: true }

/**
 * The ways to run a guest here, for tests that mean something in each. Those that need KVM say that
 * it is missing.
 */
export const guestModes = (): readonly GuestMode[] =>
  whyNoKvm() === undefined ? [{ name: "kvm", isPlain: false }, plain] : [plain]
