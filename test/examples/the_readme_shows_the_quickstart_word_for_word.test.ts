import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../harness/repository.js"
import { skipLoudly } from "../harness/skip.js"

test("README.md holds the file as a block of TypeScript", () => {
  const readme = join(repository, "README.md")
  if (!existsSync(readme)) return skipLoudly("machine", "there is no README.md yet")
  const source = readFileSync(join(repository, "examples/quickstart/main.ts"), "utf8")

  assert.ok(readFileSync(readme, "utf8").includes(`\`\`\`ts\n${source}\`\`\``))
})

test.run()
