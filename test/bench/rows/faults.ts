/** One page a fault: what it takes from the touch to the byte. */

import type { Manager } from "../../harness/manager.js"
import { pageBytes } from "../figures.js"
import type { ProgramArguments } from "../programs.js"
import type { Row } from "../row.js"
import type { TestBed } from "../test_bed.js"

/** Windows of one page, touched at random: nothing but the fault itself is measured. */
export const pageFaults = (manager: Pick<Manager, "socket">, bed: TestBed): ProgramArguments => ({
  socket: manager.socket,
  image: "pattern",
  bytes: bed.sizes.faultBytes,
  "window-bytes": pageBytes,
})

/** The floor of the targets: both threads on one CPU. */
export const floorArguments = (bed: TestBed): ProgramArguments => ({
  bytes: bed.sizes.faultBytes,
  cpu: bed.cpu,
  "serving-cpu": bed.cpu,
})

export const colocatedP50: Row = {
  name: "colocated_p50",
  metric: "4 KiB fault p50: pagerd / floor",
  placement: "faulter pinned",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 1.1 },
  async measure(bed) {
    const args = pageFaults(await bed.plain(), bed)
    const ours = await bed.programs.client("touch", { ...args, cpu: bed.cpu })
    const floor = await bed.programs.reference("floor", floorArguments(bed))
    return { ours: ours.get("p50_us"), reference: floor.get("p50_us") }
  },
}

export const colocatedP99: Row = {
  name: "colocated_p99",
  metric: "4 KiB fault: p99 / own p50",
  placement: "faulter pinned",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 1.6 },
  async measure(bed) {
    const args = pageFaults(await bed.plain(), bed)
    const ours = await bed.programs.client("touch", { ...args, cpu: bed.cpu })
    return { ours: ours.get("p99_us"), reference: ours.get("p50_us") }
  },
}

export const unpinnedP50: Row = {
  name: "unpinned_p50",
  metric: "4 KiB fault p50: pagerd / floor",
  placement: "faulter unpinned",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 1.25 },
  async measure(bed) {
    const ours = await bed.programs.client("touch", pageFaults(await bed.plain(), bed))
    const floor = await bed.programs.reference("floor", floorArguments(bed))
    return { ours: ours.get("p50_us"), reference: floor.get("p50_us") }
  },
}

export const singleEpollP50: Row = {
  name: "single_epoll_p50",
  metric: "4 KiB fault p50: one epoll thread in C / pagerd",
  placement: "all unpinned",
  unit: "us",
  judged: "reference / ours",
  target: { atLeast: 5 },
  async measure(bed) {
    const ours = await bed.programs.client("touch", pageFaults(await bed.plain(), bed))
    const bytes = bed.sizes.faultBytes
    const single = await bed.programs.reference("epoll_single", { bytes })
    return { ours: ours.get("p50_us"), reference: single.get("p50_us") }
  },
}

export const oneFaulterRate: Row = {
  name: "one_faulter_rate",
  metric: "4 KiB faults per second, 1 faulter: pagerd / floor",
  placement: "faulter pinned",
  unit: "k/s",
  judged: "ours / reference",
  target: { atLeast: 0.88 },
  async measure(bed) {
    const args = pageFaults(await bed.plain(), bed)
    const whole = { timing: "whole" }
    const ours = await bed.programs.client("touch", { ...args, ...whole, cpu: bed.cpu })
    const floor = await bed.programs.reference("floor", { ...floorArguments(bed), ...whole })
    return { ours: ours.thousandsPerSecond, reference: floor.thousandsPerSecond }
  },
}

export const eightFaultersRate: Row = {
  name: "eight_faulters_rate",
  metric: "4 KiB faults per second, 8 faulters (beside it: a bare thread per CPU in C)",
  placement: "faulters unpinned",
  unit: "k/s",
  judged: "ours",
  target: { atLeast: 200 },
  async measure(bed) {
    const faulters = { faulters: 8, timing: "whole" }
    const args = pageFaults(await bed.plain(), bed)
    const ours = await bed.programs.client("touch", { ...args, ...faulters })
    const bytes = bed.sizes.faultBytes
    const bare = await bed.programs.reference("epoll_per_cpu", { bytes, ...faulters })
    return { ours: ours.thousandsPerSecond, reference: bare.thousandsPerSecond }
  },
}
