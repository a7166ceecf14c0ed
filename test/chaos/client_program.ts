import { basename, dirname, join } from "node:path"
import { compileProgram } from "../harness/compiled.js"
import { clientLibrary, repository } from "../harness/repository.js"

const directory = join(repository, "test/chaos")

/** What every client in C has: orders, books, threads and checks. */
const common = ["check.c", "life.c", "orders.c", "report.c", "worker.c"]

const aware = [
  "audit.c",
  "churn.c",
  "counter.c",
  "forker.c",
  "reader.c",
  "system_calls.c",
  "writer.c",
]

const unaware = ["foreign_region.c", "frame.c", "layout.c", "unaware.c"]

const headers = [
  ...["board.h", "books.h", "client.h", "content.h"].map((name) => `client/${name}`),
  "foreign/foreign.h",
]

/** The client on libpagerd, compiled against its header and nothing else of ours. */
export const clientProgram = (): string =>
  compiled("chaos/client/chaos_client.c", [
    ...inFolder("client", common),
    ...inFolder("client", aware),
  ])

/** The client that speaks the protocol by itself. */
export const foreignProgram = (): string =>
  compiled("chaos/foreign/foreign_client.c", [
    ...inFolder("client", common),
    ...inFolder("foreign", unaware),
  ])

const inFolder = (folder: string, names: readonly string[]): string[] =>
  names.map((name) => `${folder}/${name}`)

function compiled(main: string, sources: readonly string[]): string {
  const place = dirname(clientLibrary)
  return compileProgram(join(repository, "test", main), {
    sources: sources.map((name) => join(directory, name)),
    include: [repository],
    dependsOn: [
      ...headers.map((name) => join(directory, name)),
      join(repository, "native/client/pagerd.h"),
      join(repository, "test/harness/pattern.h"),
    ],
    libraries: ["-pthread", `-L${place}`, `-l:${basename(clientLibrary)}`, `-Wl,-rpath,${place}`],
  })
}
