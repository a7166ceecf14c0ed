import { basename, dirname, join } from "node:path"
import { compileProgram } from "../harness/compiled.js"
import { clientLibrary, repository } from "../harness/repository.js"

const directory = join(repository, "test/chaos/client")

const sources = [
  "audit.c",
  "check.c",
  "churn.c",
  "counter.c",
  "forker.c",
  "reader.c",
  "report.c",
  "system_calls.c",
  "worker.c",
  "writer.c",
]

const headers = [
  ...["board.h", "books.h", "client.h", "content.h"].map((name) => join(directory, name)),
  join(repository, "native/client/pagerd.h"),
  join(repository, "test/harness/pattern.h"),
]

/** The C client, compiled against pagerd.h and libpagerd.so and nothing else of ours. */
export function clientProgram(): string {
  const place = dirname(clientLibrary)
  return compileProgram(join(directory, "chaos_client.c"), {
    sources: sources.map((name) => join(directory, name)),
    include: [repository],
    dependsOn: headers,
    libraries: ["-pthread", `-L${place}`, `-l:${basename(clientLibrary)}`, `-Wl,-rpath,${place}`],
  })
}
