/** The TypeScript client, the main export of the package. */

export type { Access, Mode } from "../protocol/messages.js"
export { type LocalErrorCode, PagerdError } from "./error.js"
export type { MapOptions } from "./map_options.js"
export type { PagedMemory, WasmMemory } from "./paged_memory.js"
export { type ConnectOptions, connect, type Pager } from "./pager.js"
export { type LibraryPaths, paths } from "./paths.js"
export type { Region } from "./region.js"
