import { readFileSync } from "node:fs"

/** What the rest of the machine is left. */
const reservedBytes = 2 ** 31

/** Memory that can be had without swapping. */
export function availableBytes(): number {
  const found = /^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))
  return Number(found?.[1] ?? 0) * 1024
}

/** That may be taken for a moment, with a quarter more of it. */
export const roomBytes = (): number =>
  Math.max(0, Math.floor((availableBytes() - reservedBytes) / 1.25))

export interface Want {
  readonly vms: number
  readonly imageBytes: number
  /** Of the image, that each VM gets memory of its own for. */
  readonly ownShare: number
}

/** By the VMs, and by a manager that has read the image. */
export const takenBytes = ({ vms, imageBytes, ownShare }: Want): number =>
  vms * ownShare * imageBytes + imageBytes

/** Why that many VMs do not fit into the memory there is; undefined when they do. */
export function whyNoRoom(want: Want, available = availableBytes()): string | undefined {
  const { imageBytes } = want
  // The image is in memory as a file as well.
  const wantedBytes = takenBytes(want) + imageBytes + reservedBytes
  if (wantedBytes <= available) return undefined
  return `no room: wants ${gibibytes(wantedBytes)} GiB, ${gibibytes(available)} are free`
}

const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1)
