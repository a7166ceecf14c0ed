import type { Mode } from "../../client/index.js"

/** Every way to page a wasm memory. */
export const modes: readonly Mode[] = ["copy", "share", "cow"]
