import { execFile } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { repository } from "../harness/repository.js"
import { compileWithClient } from "./native_program.js"

// The library is built twice, with sanitizers, the first time.
// time limit: 240 s

/** Not synchronously: the manager's log has to be read meanwhile. */
const run = promisify(execFile)

/** All of libpagerd, to be built with a sanitizer. */
const sources = readdirSync(join(repository, "native/client"))
  .filter((name) => name.endsWith(".cpp"))
  .map((name) => `client/${name}`)
  .concat("sys/check.cpp", "sys/descriptor.cpp")

for (const sanitizer of ["thread", "address,undefined"]) {
  test(`under -fsanitize=${sanitizer}, every byte right and no report`, async () => {
    const flags = [`-fsanitize=${sanitizer}`, "-fno-sanitize-recover=all"]
    const program = compileWithClient("client_threads.cpp", sources, flags)
    const manager = await startManager({ images: { image: patternFile(200_001, 1) } })

    const { stdout, stderr } = await run(program, [manager.socket, "image"], { timeout: 60_000 })

    assert.is(stderr, "")
    assert.is(stdout, "100 threads, 5 rounds\n")
    await manager.stop()
  })
}

test.run()
