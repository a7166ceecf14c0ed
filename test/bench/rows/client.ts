/** What a client pays around its faults. */
import type { Row } from "../row.js"

export const connectToMapped: Row = {
  name: "connect_to_mapped",
  metric: "connect to mapped, p50: pagerd / connect, SCM_RIGHTS and ack in C",
  placement: "unpinned",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 2 },
  async measure(bed) {
    const { socket } = await bed.plain()
    const cycles = bed.sizes.connectCycles
    const bytes = bed.sizes.faultBytes
    const ours = await bed.programs.client("connect", { socket, image: "pattern", bytes, cycles })
    const bare = await bed.programs.reference("connect_ack", { bytes, cycles })
    return { ours: ours.get("p50_us"), reference: bare.get("p50_us") }
  },
}

export const attachedMadvise: Row = {
  name: "attached_madvise",
  metric: "MADV_DONTNEED of one page, p50: in a region of pagerd / without",
  placement: "pinned",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 1.1 },
  async measure(bed) {
    const { socket } = await bed.plain()
    const bytes = bed.sizes.faultBytes
    const ours = await bed.programs.client("madvise", {
      socket,
      image: "pattern",
      bytes,
      cpu: bed.cpu,
    })
    const without = await bed.programs.client("madvise", { attached: 0, bytes, cpu: bed.cpu })
    return { ours: ours.get("p50_us"), reference: without.get("p50_us") }
  },
}
