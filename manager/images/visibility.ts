import { type AccessRule, type Identity, isAllowed } from "../access_rule.js"

const rootUid = 0

/** Whose an image is, and who else may see it. */
export interface Visible {
  /** Of what a client published: only this user and root see it. */
  readonly owner: number | undefined
  readonly rule: AccessRule
}

/** Whoever sees the one sees the other too. */
export function isShownToAllOf(image: Visible, other: Visible): boolean {
  if (image.owner !== undefined || other.owner !== undefined) return image.owner === other.owner
  const { allowUids, allowGids } = image.rule
  if (allowUids === undefined && allowGids === undefined) return true
  const isSubset = (ids: readonly number[] | undefined, of: readonly number[] | undefined) =>
    (ids ?? []).every((id) => of?.includes(id))
  const isOpen = other.rule.allowUids === undefined && other.rule.allowGids === undefined
  return (
    !isOpen &&
    isSubset(other.rule.allowUids, allowUids) &&
    isSubset(other.rule.allowGids, allowGids)
  )
}

export function isVisible({ owner, rule }: Visible, viewer: Identity): boolean {
  if (viewer.uid === rootUid) return true
  return owner === undefined ? isAllowed(rule, viewer) : owner === viewer.uid
}
