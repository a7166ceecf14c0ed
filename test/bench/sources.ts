/** The C files of the benchmark: programs in `reference/`, one client, and what they all share. */
import { join } from "node:path"
import { repository } from "../harness/repository.js"

export const sourceDirectory = join(repository, "test/bench")

const referenceFiles = {
  connect_ack: "connect_ack.c",
  dontneed_private: "dontneed_private.c",
  dontneed_refault: "dontneed_refault.c",
  epoll_per_cpu: "epoll_per_cpu.c",
  epoll_single: "epoll_single.c",
  fault_around: "fault_around.c",
  floor: "floor.c",
  make_image: "make_image.c",
  memcpy_fresh: "memcpy_fresh.c",
  raw_copy: "raw_copy.c",
  reset_ways: "reset_ways.c",
  wake_floor: "wake_floor.c",
  warm_memory: "warm_memory.c",
  zeropage: "zeropage.c",
} as const

export type Reference = keyof typeof referenceFiles

export const referenceSource = (name: Reference): string =>
  join(sourceDirectory, "reference", referenceFiles[name])

export const clientMain = join(sourceDirectory, "client", "bench_client.c")

export const clientSources = [
  "background.c",
  "connect.c",
  "madvise.c",
  "occupy.c",
  "prefault.c",
  "reset.c",
  "touch.c",
].map((name) => join(sourceDirectory, "client", name))

export const measuringSources = [
  "arguments.c",
  "descriptor_passing.c",
  "pattern.c",
  "placement.c",
  "report.c",
  "reset_cycles.c",
  "samples.c",
  "serving_process.c",
  "serving_thread.c",
  "touch.c",
  "userfault.c",
  "warm_memory.c",
].map((name) => join(sourceDirectory, "measuring", name))
