import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { ManagerError } from "../errors.js"
import type { OutputModule } from "../log_output.js"
import type { SocketModule } from "../sockets/native.js"
import type { ProbeModule } from "./kernel_probe.js"
import type { NativeModule } from "./native.js"

/** Everything that `native/build/Release/pagerd.node` exports. */
export type NativeAddon = NativeModule & SocketModule & ProbeModule & OutputModule

let loaded: NativeAddon | undefined

/** Loads the native parts, once. They lie beside `dist` in a checkout and in the package alike. */
export function loadNative(): NativeAddon {
  loaded ??= load()
  return loaded
}

export function isNativeLoaded(): boolean {
  return loaded !== undefined
}

function load(): NativeAddon {
  const path = fileURLToPath(new URL("../../../native/build/Release/pagerd.node", import.meta.url))
  if (!existsSync(path)) {
    throw new ManagerError(
      "native_missing",
      `Found no ${path}: the native parts are not built. Run \`npm run setup\` first.`,
    )
  }
  return createRequire(import.meta.url)(path) as NativeAddon
}
