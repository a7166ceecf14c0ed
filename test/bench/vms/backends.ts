import type { RestoreOptions } from "../../vmm/restore/restore.js"
import { hugePageBytes } from "../../vmm/vmm_program.js"
import { pageBytes } from "../figures.js"
import type { PageServer } from "./page_server.js"
import { type PagerdOptions, PagerdServer } from "./pagerd_server.js"
import { noServer, ReferenceServer } from "./reference_server.js"

/** One way to bring a VM's pages. */
export interface Backend {
  readonly name: string
  readonly pageSizes: readonly number[]
  /** Of a VM's memory, what is its own once its guest has touched every third page of most. */
  ownShare(pageBytes: number): number
  start(vm: RestoreOptions): Promise<PageServer>
}

const anyPages = [pageBytes, hugePageBytes]
const smallPages = [pageBytes]

const touchedShare = () => 1 / 4
/** Each touch brings small pages between it and the next as well. */
const windowsShare = (bytes: number) => (bytes === hugePageBytes ? 1 / 4 : 3 / 4)

/** They have all of it when they are let go. */
const wholeVms = { pageSizes: anyPages, ownShare: () => 1 }

const pagerd = (
  name: string,
  options: PagerdOptions,
  more: Pick<Backend, "pageSizes" | "ownShare"> = { pageSizes: anyPages, ownShare: windowsShare },
): Backend => ({
  name: `pagerd, ${name}`,
  ...more,
  start: (vm) => PagerdServer.start(vm, options),
})

/** What all others are measured against. */
export const pageByPage: Backend = {
  name: "page by page (C)",
  pageSizes: anyPages,
  ownShare: touchedShare,
  start: ({ image = "" }) => ReferenceServer.start(image),
}

/** In the order of the table. */
export const backends: readonly Backend[] = [
  pageByPage,
  {
    name: "the file, mapped",
    // Huge pages cannot be those of a file.
    pageSizes: smallPages,
    ownShare: () => 0,
    start: async () => noServer,
  },
  pagerd("on demand", { isResident: true }),
  pagerd(
    "on demand, windows of a page",
    { isResident: true, windowBytes: pageBytes },
    { pageSizes: smallPages, ownShare: touchedShare },
  ),
  pagerd("with working set", { isResident: true, hasWorkingSet: true }),
  pagerd("populated", { isResident: true, isPopulated: true }, wholeVms),
  pagerd("on demand, image not read", { isResident: false }),
  pagerd("with working set, image not read", { isResident: false, hasWorkingSet: true }),
]
