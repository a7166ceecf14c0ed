import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The package's root; compiled, this file is dist/manager/cli/package_files.js. */
export const packageRoot = fileURLToPath(new URL("../../../", import.meta.url))

/** What C programs compile and link against. */
export const headerPath = join(packageRoot, "native/client/pagerd.h")
export const libraryPath = join(packageRoot, "native/build/Release/libpagerd.so")
