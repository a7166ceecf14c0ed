import { type AccessRule, type Identity, isAllowed } from "../access_rule.js"

const rootUid = 0

/** Whose an image is, and who else may see it. */
export interface Visible {
  /** Of what a client published: only this user and root see it. */
  readonly owner: number | undefined
  readonly rule: AccessRule
}

export function isVisible({ owner, rule }: Visible, viewer: Identity): boolean {
  if (viewer.uid === rootUid) return true
  return owner === undefined ? isAllowed(rule, viewer) : owner === viewer.uid
}
