import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The repository's root; tests run compiled, from dist/test/. */
export const repository = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** The command line program, to be started with a Node of one's choice. */
export const pagerdCommand = join(repository, "dist/manager/cli/main.js")

/** What a C program compiles and links against. */
export const clientHeaders = join(repository, "native/client")
export const clientLibrary = join(repository, "native/build/Release/libpagerd.so")
