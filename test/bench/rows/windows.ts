/** Fault-around: every page touched in order, a window installed at each fault. */
import type { Row } from "../row.js"

const sequentialWindow = (name: string, label: string, bytes: number, atLeast: number): Row => ({
  name,
  metric: `${label} windows, every page touched: pagerd / bare COPY of ${label}`,
  placement: "faulter pinned",
  unit: "MB/s",
  judged: "ours / reference",
  target: { atLeast },
  async measure(bed) {
    const { socket } = await bed.plain()
    const ours = await bed.programs.client("touch", {
      socket,
      image: "pattern",
      "window-bytes": bytes,
      order: "sequential",
      timing: "whole",
      cpu: bed.cpu,
    })
    const bare = await bed.programs.reference("raw_copy", {
      bytes: bed.sizes.bulkBytes,
      "slice-bytes": bytes,
      cpu: bed.cpu,
    })
    return { ours: ours.megabytesPerSecond, reference: bare.megabytesPerSecond }
  },
})

const kibibyte = 1024

export const windows64: Row = sequentialWindow("windows_64k", "64 KiB", 64 * kibibyte, 0.65)
export const windows256: Row = sequentialWindow("windows_256k", "256 KiB", 256 * kibibyte, 0.82)
export const windows2048: Row = sequentialWindow("windows_2m", "2 MiB", 2048 * kibibyte, 0.92)
