import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** What a C program needs: the header to include and the library to link. */
export interface LibraryPaths {
  readonly header: string
  readonly library: string
}

export function paths(): LibraryPaths {
  const native = join(packageRoot(), "native")
  return {
    header: join(native, "client", "pagerd.h"),
    library: join(native, "build", "Release", "libpagerd.so"),
  }
}

/** This file runs from dist/client, and as a source from client. */
function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, "package.json"))) {
    const parent = dirname(directory)
    if (parent === directory) throw new Error("this file is not within the pagerd package")
    directory = parent
  }
  return directory
}
