import { availableParallelism } from "node:os"
import { formatTable } from "../demo/output/table.js"
import { count, mebibyte, mebibytes, short } from "../demo/output/units.js"
import type { LoadOutcome } from "./load.js"
import type { Served, Serving, Way } from "./messages.js"
import { goods } from "./shop.js"
import type { ShopImage } from "./shop_image.js"

/** One way to come by instances, under load. */
export interface WayOutcome {
  readonly way: Way
  readonly title: string
  readonly serving: Serving
  readonly load: LoadOutcome
  readonly served: Served
  /** Of the server's process. */
  readonly pss_bytes: number
}

export function asJson(image: ShopImage, outcomes: readonly WayOutcome[]): object {
  return {
    ok: true,
    image: { length_bytes: image.lengthBytes },
    ways: outcomes.map(({ way, title, serving, load, served, pss_bytes }) => {
      const { mode = null, why = null } = serving
      const cpu_ms_per_request = served.cpuMs / load.requests
      const { resets } = served
      return { way, title, mode, mode_reason: why, ...load, cpu_ms_per_request, resets, pss_bytes }
    }),
  }
}

const titles = { new: "new instance, database filled", copy: "new instance, memory copied" }

export function formatReport(image: ShopImage, outcomes: readonly WayOutcome[]): string {
  const headings = [
    "instances",
    "mode",
    "requests",
    "requests\na second",
    "ms\np50",
    "ms\np99",
    "CPU ms a\nrequest",
    "searched",
    "server's\nPSS, MiB",
  ]
  const rows = outcomes.map(({ way, title, serving, load, served, pss_bytes }) => [
    way === "pool" ? title : titles[way],
    serving.mode ?? "-",
    count(load.requests),
    count(load.requests_per_second),
    short(load.ms_p50),
    short(load.ms_p99),
    short(served.cpuMs / load.requests),
    count(load.inspected),
    short(pss_bytes / mebibyte),
  ])
  const title =
    `SQLite in WebAssembly over HTTP: an instance of ${mebibytes(image.lengthBytes)} with ` +
    `${count(goods)} goods for each request;\nall answers right, no request saw another's data`
  return ["", title, formatTable(headings, rows), legend].join("\n\n")
}

const legend = `  searched: the whole memory, for secrets of other tenants before the work (none may
  be there) and for its own afterwards (it must be); their times are in the rate only
  CPU: of the server's process, HTTP and searches included, the manager's not
  one server process, one that makes the load, ${availableParallelism()} CPUs`
