import { readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { paths } from "../../client/index.js"
import { compileProgram } from "../harness/compiled.js"
import { repository } from "../harness/repository.js"

const native = join(repository, "native")

/** Compiles a program of test/native together with the sources of libpagerd that it tests. */
export function compileWithClient(
  program: string,
  clientSources: readonly string[],
  flags: readonly string[] = [],
): string {
  const headers = ["client", "sys"].flatMap((folder) =>
    readdirSync(join(native, folder))
      .filter((name) => /\.hp?p?$/.test(name))
      .map((name) => join(native, folder, name)),
  )
  return compileProgram(join(repository, "test/native", program), {
    flags,
    sources: clientSources.map((source) => join(native, source)),
    include: [native],
    dependsOn: headers,
  })
}

/** Compiles a program of test/native against pagerd.h and libpagerd.so alone. */
export function compileAgainstLibrary(program: string, flags: readonly string[] = []): string {
  const { header, library } = paths()
  return compileProgram(join(repository, "test/native", program), {
    flags,
    include: [dirname(header)],
    dependsOn: [header],
    libraries: [library, `-Wl,-rpath,${dirname(library)}`],
  })
}
