/** Who a client is, as the kernel says. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  /** The other groups that it is in. */
  readonly groups: readonly number[]
}

/** Who may have something. With neither list everybody may, with one or both whoever is listed. */
export interface AccessRule {
  readonly allowUids?: readonly number[] | undefined
  readonly allowGids?: readonly number[] | undefined
}

export const everybody: AccessRule = {}

export function isAllowed({ allowUids, allowGids }: AccessRule, client: Identity): boolean {
  if (allowUids === undefined && allowGids === undefined) return true
  if (allowUids?.includes(client.uid)) return true
  return [client.gid, ...client.groups].some((group) => allowGids?.includes(group))
}

/** Of what was given with it, the rule alone. */
export function ruleOf({ allowUids, allowGids }: AccessRule): AccessRule {
  return { allowUids, allowGids }
}
