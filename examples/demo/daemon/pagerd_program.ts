import { fileURLToPath } from "node:url"

/** What the package's `bin` entry `pagerd` starts. */
export const pagerdProgram = fileURLToPath(new URL("../../../manager/cli/main.js", import.meta.url))
