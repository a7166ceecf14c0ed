import { descriptorTargets } from "../harness/observed_process.js"

/** A process's open descriptors, by kind. */
export type Census = ReadonlyMap<string, number>

export interface Leak {
  readonly kind: string
  readonly before: number
  readonly after: number
}

/** "socket:[123]" is one socket of many; a memfd is told from others by its name. */
const kindOf = (target: string): string =>
  target.replace(/:\[\d+\]$/, "").replace(/^(\/memfd:[a-z]*).*$/, "$1")

export function takeCensus(pid: number): Census {
  const census = new Map<string, number>()
  for (const { target } of descriptorTargets(pid)) {
    const kind = kindOf(target)
    census.set(kind, (census.get(kind) ?? 0) + 1)
  }
  return census
}

/** Kinds of which there are more after than before. */
export function findLeaks(before: Census, after: Census): Leak[] {
  return [...after]
    .map(([kind, count]) => ({ kind, before: before.get(kind) ?? 0, after: count }))
    .filter((leak) => leak.after > leak.before)
}

export const isMemfd = ({ kind }: Leak): boolean => kind.startsWith("/memfd:")

export const leakCount = (leaks: readonly Leak[]): number =>
  leaks.map(({ before, after }) => after - before).reduce((a, b) => a + b, 0)
