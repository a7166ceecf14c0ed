// time limit: 120 s
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { PagedMemory } from "../../client/index.js"
import { scratchDirectory } from "../harness/scratch.js"
import { modes } from "./modes.js"
import { pythonSubject } from "./python_subject.js"
import { quickJsSubject } from "./quickjs_subject.js"
import { sqliteSubject } from "./sqlite_subject.js"
import type { Attach, Subject } from "./subject.js"
import { withPager } from "./test_bed.js"

const subjects: readonly (() => Promise<Subject>)[] = [sqliteSubject, quickJsSubject, pythonSubject]
const scratch = scratchDirectory()

for (const makeSubject of subjects) {
  test(
    `${makeSubject.name}: right answers in ${modes.join(", ")}`,
    withPager(async (pager, manager) => {
      const subject = await makeSubject()
      const path = join(scratch, subject.name)
      writeFileSync(path, subject.image)
      for (const mode of modes) {
        const name = await pager.publish(`${subject.name}/${mode}`, path)
        if (mode === "cow") await pager.load(name)
        let paged: PagedMemory | undefined
        const attach: Attach = async (memory) => {
          paged = await pager.attachMemory(memory, name, { mode })
        }

        const answers = await subject.answer(attach)

        assert.is(paged?.mode, mode)
        assert.equal(answers, subject.expected, `${subject.name}, ${mode}`)
        const session = await manager.session(process.pid)
        if (mode !== "cow") assert.ok(session.faults.missing + session.faults.minor > 0)
      }
    }),
  )
}

test.run()
