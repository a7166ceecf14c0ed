import { basename, dirname, join } from "node:path"
import {
  type Finding,
  findLines,
  isNative,
  isScript,
  isTest,
  type Rule,
  type SourceFile,
} from "./source_file.js"

// The patterns are spelled so that this file does not match them itself.
const openEnd = /\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b/
const machinePath = /(?:^|[^\w.~-])\/(?:wor[k]|far[m]|roo[t]|hom[e]\/\w+)\/[\w.]/

const openEnds: Rule = {
  claim: "nothing is left open in the text",
  check: (files) =>
    findLines(files, (line) => (openEnd.test(line) ? `left open: ${line.trim()}` : undefined)),
  bad: ["TO", "FIX", "XX"].map((start, index) => [
    { path: "manager/a.ts", text: `// ${start}${["DO", "ME", "X"][index]}: later` },
  ]),
  good: [{ path: "README.md", text: "todo lists are fine" }],
}

const machinePaths: Rule = {
  claim: "no file names a path of one machine",
  check: (files) =>
    findLines(files, (line) =>
      machinePath.test(line) ? `a machine's path: ${line.trim()}` : undefined,
    ),
  bad: [
    [{ path: "README.md", text: `see ${"/wor"}k/hub` }],
    [{ path: "manager/a.ts", text: `const a = "${"/hom"}e/me/pagerd"` }],
  ],
  good: [{ path: "README.md", text: "see /var/lib/pagerd, ./work/a, https://a.example/work/" }],
}

const lockFile: Rule = {
  claim: "package-lock.json names no registry",
  check: (files) =>
    findLines(
      files.filter(({ path }) => path === "package-lock.json"),
      (line) => (/"resolved":|https?:\/\/[^"]*registry/.test(line) ? line.trim() : undefined),
    ),
  bad: [[{ path: "package-lock.json", text: `"resolved": "https://a.example/a.tgz"` }]],
  good: [{ path: "package-lock.json", text: `"version": "1.0.0"` }],
}

const silentSkips: Rule = {
  claim: "no test is skipped or singled out in silence",
  check: (files) =>
    findLines(files.filter(isTest), (line) =>
      /^\s*\w+\.(?:skip|only)\(/.test(line) ? `use skipLoudly: ${line.trim()}` : undefined,
    ),
  bad: [
    [{ path: "test/e2e/a_b_c.test.ts", text: 'test.skip("a", () => {})' }],
    [{ path: "test/e2e/a_b_c.test.ts", text: 'test.only("a", () => {})' }],
  ],
  good: [{ path: "test/e2e/a_b_c.test.ts", text: 'test("a", () => {})' }],
}

const unusedFiles: Rule = {
  claim: "no file is used by nobody",
  check: (files) =>
    files
      .filter(mustBeNamed)
      .filter((file) => !isNamed(file, files))
      .map(describeUnused),
  bad: [
    [{ path: "manager/a.ts", text: "" }],
    [{ path: "manager/a.ts", text: 'import "./a.js"' }],
    [
      { path: "manager/a.ts", text: "" },
      { path: "client/b.ts", text: 'import "./a.js"' },
      { path: "test/x_y_z.test.ts", text: 'import "../client/b.js"' },
    ],
    [{ path: "native/sys/a.hpp", text: "" }],
    [{ path: "test/native/a.cpp", text: "" }],
  ],
  good: [
    { path: "manager/a.ts", text: "" },
    { path: "manager/b/c.ts", text: 'import "../a.js"' },
    { path: "package.json", text: '"node dist/manager/b/c.js"' },
    { path: "native/sys/a.hpp", text: "" },
    { path: "native/sys/a.cpp", text: '#include "sys/a.hpp"' },
    { path: "test/native/b.cpp", text: "" },
    { path: "test/a_b_c.test.ts", text: 'compileProgram(join(repository, "test/native/b.cpp"))' },
  ],
}

/**
 * Tests are found by the runner, native/*.cpp by binding.gyp; everything else has somebody who
 * names it.
 */
function mustBeNamed(file: SourceFile): boolean {
  if (isTest(file)) return false
  if (file.path.startsWith("native/")) return /\.(?:hpp|h)$/.test(file.path)
  return isScript(file) || isNative(file)
}

/** Whether another file imports or includes it, or names it by its path or its file name. */
function isNamed(file: SourceFile, files: readonly SourceFile[]): boolean {
  const compiled = file.path.replace(/\.ts$/, ".js")
  const below = compiled.split("/").slice(1).join("/")
  return files.some(({ path, text }) => {
    if (path === file.path || path.endsWith(".lock")) return false
    if (/\.tsx?$|\.mjs$/.test(path) && imports(path, text).includes(compiled)) return true
    if (text.includes(compiled) || (isNative(file) && below !== "" && text.includes(below)))
      return true
    // Started by its file name, as a child process or a program to compile is.
    return !isMainFile(compiled) && new RegExp(`(?<![./\\w])${basename(compiled)}\\b`).test(text)
  })
}

const isMainFile = (path: string): boolean => /^(?:main|index)\./.test(basename(path))

const imports = (path: string, text: string): string[] =>
  [...text.matchAll(/"(\.{1,2}\/[^"]+)"/g)].map((match) => join(dirname(path), match[1] ?? ""))

const describeUnused = ({ path }: SourceFile): Finding => ({
  path,
  line: 1,
  message: "nobody imports, includes or names it",
})

export const leftoverRules = [openEnds, machinePaths, lockFile, silentSkips, unusedFiles]
