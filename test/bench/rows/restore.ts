/** Prefault: all of a region before anything touches it. */
import type { ProgramArguments } from "../programs.js"
import type { Row } from "../row.js"
import type { TestBed } from "../test_bed.js"

/** The manager's own slices, so that both sides make the same system calls. */
const sliceBytes = 256 * 1024

async function restoreRate(bed: TestBed, args: ProgramArguments = {}): Promise<number> {
  const { socket } = await bed.plain()
  const figures = await bed.programs.client("prefault", { socket, image: "pattern", ...args })
  return figures.megabytesPerSecond
}

export const prefaultCopy: Row = {
  name: "prefault_copy",
  metric: "prefault: pagerd / bare COPY of 256 KiB slices",
  placement: "unpinned",
  unit: "MB/s",
  judged: "ours / reference",
  target: { atLeast: 0.97 },
  async measure(bed) {
    const ours = await restoreRate(bed)
    const bare = await bed.programs.reference("raw_copy", {
      bytes: bed.sizes.bulkBytes,
      "slice-bytes": sliceBytes,
    })
    return { ours, reference: bare.megabytesPerSecond }
  },
}

export const prefaultMemcpy: Row = {
  name: "prefault_memcpy",
  metric: "prefault: pagerd / memcpy into fresh 4 KiB pages",
  placement: "unpinned",
  unit: "MB/s",
  judged: "ours / reference",
  target: { atLeast: 1.3 },
  async measure(bed) {
    const ours = await restoreRate(bed)
    const bytes = bed.sizes.bulkBytes
    const fresh = await bed.programs.reference("memcpy_fresh", { bytes })
    return { ours, reference: fresh.megabytesPerSecond }
  },
}

export const prefaultTwoThreads: Row = {
  name: "prefault_two_threads",
  metric: "prefault: two halves at once / all in one",
  placement: "unpinned",
  unit: "MB/s",
  judged: "ours / reference",
  target: { atLeast: 1.6 },
  async measure(bed) {
    const ours = await restoreRate(bed, { threads: 2 })
    return { ours, reference: await restoreRate(bed) }
  },
}

export const zeroRestore: Row = {
  name: "zero_restore",
  metric: "prefault: an image of zeros / an image of data",
  placement: "unpinned",
  unit: "MB/s",
  judged: "ours / reference",
  target: { atLeast: 8 },
  async measure(bed) {
    const ours = await restoreRate(bed, { image: "zero", content: "zero" })
    return { ours, reference: await restoreRate(bed) }
  },
}

export const zeroRaw: Row = {
  name: "zero_raw",
  metric: "prefault of zeros: pagerd / bare ZEROPAGE of 256 KiB slices",
  placement: "unpinned",
  unit: "MB/s",
  judged: "ours / reference",
  target: undefined,
  async measure(bed) {
    const ours = await restoreRate(bed, { image: "zero", content: "zero" })
    const bare = await bed.programs.reference("zeropage", {
      bytes: bed.sizes.bulkBytes,
      "slice-bytes": sliceBytes,
    })
    return { ours, reference: bare.megabytesPerSecond }
  },
}
