/** The TypeScript client, the main export of the package. */

export type { Access, Mode } from "../protocol/messages.js"
export { type LocalErrorCode, PagerdError } from "./error.js"
export type { MapOptions } from "./map_options.js"
export type { PagedMemory, WasmMemory } from "./paged_memory.js"
export { type ConnectOptions, connect, type Pager } from "./pager.js"
export { type LibraryPaths, paths } from "./paths.js"
export type { Region } from "./region.js"
export { type BuildInstance, type BuildOptions, buildImage } from "./wasm/build_image.js"
export type { WasmImage } from "./wasm/image.js"
export type { InstantiateOptions, ResetKind, WasmInstance } from "./wasm/instance.js"
export { type OpenOptions, openImage } from "./wasm/open_image.js"
export type { Exports as WasmExports, Imports as WasmImports } from "./wasm/webassembly.js"
