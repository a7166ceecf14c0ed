import { existsSync } from "node:fs"
import type { Command } from "commander"
import { CommandFailure, exitCodes } from "./failure.js"
import { type JsonOption, withJson } from "./options.js"
import { print, printJson } from "./output.js"
import { headerPath, libraryPath } from "./package_files.js"

export function addPaths(program: Command): void {
  withJson(program.command("paths"))
    .description("say where pagerd.h and libpagerd.so are")
    .addHelpText(
      "after",
      `
A C program is compiled with the header's directory and linked with the library:
  cc -I"$(dirname HEADER)" program.c LIBRARY -Wl,-rpath,"$(dirname LIBRARY)"`,
    )
    .action(paths)
}

async function paths(options: JsonOption): Promise<void> {
  for (const path of [headerPath, libraryPath]) {
    if (existsSync(path)) continue
    const message = `${path} is not there: build it with \`npm run setup\``
    throw new CommandFailure(exitCodes.failed, "not_built", message)
  }
  const found = { header: headerPath, library: libraryPath }
  if (options.json) await printJson(found)
  else await print([`header   ${found.header}`, `library  ${found.library}`])
}
