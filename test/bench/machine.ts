import { cpus, loadavg, release, totalmem, type } from "node:os"

/** What the figures were measured on, as far as it concerns them. */
export interface Machine {
  readonly cpu: string
  readonly cpus: number
  readonly memoryGib: number
  readonly kernel: string
  readonly node: string
  /** Of the last minute, before the benchmark began: what else was running. */
  readonly load: number
}

export function describeMachine(): Machine {
  const models = cpus()
  return {
    cpu: models[0]?.model.trim() ?? "unknown",
    cpus: models.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.version,
    load: loadavg()[0] ?? 0,
  }
}
