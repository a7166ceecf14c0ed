/** One resident image in many clients: the speed of its pages, and the memory they cost. */
import { summedMemory } from "../memory/summed.js"
import type { Row, Target } from "../row.js"

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
/** What the kernel maps around a fault of its own. */
const faultAroundBytes = 64 * kibibyte

const touchAll = (
  mode: "share" | "cow",
  label: string,
  windowBytes: number,
  target: Target | undefined,
): Row => ({
  name: `${mode}_touch_all${mode === "share" ? `_${windowBytes / kibibyte}k` : ""}`,
  metric: `${label}, every page touched: pagerd / the kernel's fault-around`,
  placement: "faulter pinned",
  unit: "MB/s",
  judged: "ours / reference",
  target,
  async measure(bed) {
    const { socket } = await bed.plain()
    const work = { order: "sequential", timing: "whole", cpu: bed.cpu }
    const ours = await bed.programs.client("touch", {
      socket,
      image: "pattern",
      mode,
      "window-bytes": windowBytes,
      ...work,
    })
    const alone = await bed.programs.reference("fault_around", {
      bytes: bed.sizes.bulkBytes,
      "window-bytes": faultAroundBytes,
      ...work,
    })
    return { ours: ours.megabytesPerSecond, reference: alone.megabytesPerSecond }
  },
})

/** What they need together, against what there is to share. */
const sharedMemory: Row = {
  name: "memory_share_64",
  metric: "summed PSS of 64 workers, share / touched image, once, and all dirty pages",
  placement: "unpinned",
  unit: "MiB",
  judged: "ours / reference",
  target: { atMost: 1.1 },
  async measure(bed) {
    const { pssBytes, wantedBytes } = await summedMemory(bed, "share", 64)
    return { ours: pssBytes / mebibyte, reference: wantedBytes / mebibyte }
  },
}

export const shareRows: readonly Row[] = [
  touchAll("share", "share, 2 MiB windows", 2 * mebibyte, { atLeast: 0.9 }),
  touchAll("share", "share, 64 KiB windows", 64 * kibibyte, undefined),
  touchAll("cow", "cow", faultAroundBytes, undefined),
  sharedMemory,
]
