/** Faults of one client while the manager has other things to do. */
import { startHostileClient } from "../../harness/hostile_client.js"
import type { Row } from "../row.js"
import { pageFaults } from "./faults.js"

export const crowdedP50: Row = {
  name: "crowded_p50",
  metric: "4 KiB fault p50: beside 1,000 sessions with 10,000 regions / alone",
  placement: "faulter pinned",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 1.2 },
  async measure(bed) {
    const { manager } = await bed.crowded()
    const pinned = { cpu: bed.cpu }
    const crowded = { ...pageFaults(manager, bed), ...pinned }
    const ours = await bed.programs.client("touch", crowded)
    const alone = { ...pageFaults(await bed.plain(), bed), ...pinned }
    const reference = await bed.programs.client("touch", alone)
    return { ours: ours.get("p50_us"), reference: reference.get("p50_us") }
  },
}

export const bulkP99: Row = {
  name: "bulk_p99",
  metric: "4 KiB fault p99: during another client's bulk restore / idle",
  placement: "faulter pinned, other client pinned apart",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 2 },
  async measure(bed) {
    const manager = await bed.plain()
    const faults = { ...pageFaults(manager, bed), cpu: bed.cpu }
    const bulk = await bed.programs.background("bulk", {
      socket: manager.socket,
      image: "pattern",
      cpu: bed.otherCpu,
    })
    const ours = await bed.programs.client("touch", faults)
    await bulk.stop()
    const reference = await bed.programs.client("touch", faults)
    return { ours: ours.get("p99_us"), reference: reference.get("p99_us") }
  },
}

export const busyManagerP99: Row = {
  name: "busy_manager_p99",
  metric: "4 KiB fault p99: manager's JS thread 95 % busy / idle",
  placement: "faulter pinned, JS thread pinned apart",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 1.1 },
  async measure(bed) {
    const manager = await bed.busy()
    const faults = { ...pageFaults(manager, bed), cpu: bed.cpu }
    await manager.spin()
    const ours = await bed.programs.client("touch", faults)
    await manager.rest()
    const reference = await bed.programs.client("touch", faults)
    return { ours: ours.get("p99_us"), reference: reference.get("p99_us") }
  },
}

/** The largest window: of all storms the one that takes the most of a fault thread's time. */
const stormWindowBytes = 2 * 1024 * 1024
const stormThreads = 8

/**
 * Only its threads that fault are pinned, and not where the other client runs: it takes none of
 * that one's CPU, and faults of both threads of the manager.
 */
async function startStorm(socket: string, cpu: number) {
  const storm = await startHostileClient(socket)
  const bytes = stormThreads * stormWindowBytes
  await storm.order("arm", 0, bytes)
  await storm.order("map", "pattern", stormWindowBytes, stormThreads, stormWindowBytes)
  await storm.order("pin", cpu)
  await storm.order("flood_faults", stormThreads, stormWindowBytes)
  return storm
}

export const stormP99: Row = {
  name: "storm_p99",
  metric: "4 KiB fault p99: during another client's storm / quiet",
  placement: "faulter pinned, the storm's threads pinned apart",
  unit: "us",
  judged: "ours / reference",
  target: { atMost: 3 },
  async measure(bed) {
    const manager = await bed.plain()
    const faults = { ...pageFaults(manager, bed), cpu: bed.cpu }
    const storm = await startStorm(manager.socket, bed.otherCpu)
    const ours = await bed.programs.client("touch", faults)
    await storm.kill()
    const reference = await bed.programs.client("touch", faults)
    return { ours: ours.get("p99_us"), reference: reference.get("p99_us") }
  },
}
