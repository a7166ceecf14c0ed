import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileProgram } from "../harness/compiled.js"
import { scratchDirectory } from "../harness/scratch.js"
import { runPagerd } from "./run_pagerd.js"

const program = `
#include <pagerd.h>
#include <stdio.h>
int main(void) { return puts(pagerd_version()) < 0; }
`

test("a C program that knows only these two paths compiles, links and runs", async () => {
  const paths = (await runPagerd(["paths", "--json"])).json() as { header: string; library: string }
  const { stdout: text } = await runPagerd(["paths"])
  const { stdout: version } = await runPagerd(["--version"])

  const source = join(scratchDirectory(), "program.c")
  writeFileSync(source, program)
  const binary = compileProgram(source, {
    include: [dirname(paths.header)],
    libraries: [paths.library, `-Wl,-rpath,${dirname(paths.library)}`],
    dependsOn: [paths.header],
  })

  assert.is(text, `header   ${paths.header}\nlibrary  ${paths.library}\n`)
  assert.is(execFileSync(binary, { encoding: "utf8" }), version)
})

test.run()
