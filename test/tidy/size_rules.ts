import { findFunctions } from "./blocks.js"
import { findLines, isCode, isNative, isScript, type Rule, type SourceFile } from "./source_file.js"

const fileLinesMax = 400
const functionLinesMax = 70
const lineColumnsMax = 100

const lineCount = (text: string): number => text.trimEnd().split("\n").length

const sample = (path: string, text: string): SourceFile[] => [{ path, text }]
const statements = (count: number): string => "  step()\n".repeat(count)

const fileLength: Rule = {
  claim: `no code file is longer than ${fileLinesMax} lines`,
  check: (files) =>
    files
      .filter(isCode)
      .filter(({ text }) => lineCount(text) > fileLinesMax)
      .map(({ path, text }) => ({ path, line: 1, message: `has ${lineCount(text)} lines` })),
  bad: [
    sample("manager/long.ts", "let a\n".repeat(fileLinesMax + 1)),
    sample("native/sys/long.hpp", "int a;\n".repeat(fileLinesMax + 1)),
  ],
  good: sample("manager/long.ts", "let a\n".repeat(fileLinesMax)),
}

const functionLength: Rule = {
  claim: `no function is longer than ${functionLinesMax} lines`,
  check: (files) =>
    files
      .filter((file) => isNative(file) || isScript(file))
      .flatMap(({ path, text }) =>
        findFunctions(text)
          .filter(({ lines }) => lines > functionLinesMax)
          .map(({ firstLine, lines }) => ({
            path,
            line: firstLine,
            message: `a function of ${lines} lines`,
          })),
      ),
  bad: [
    sample("manager/a.ts", `function f(a: string): Promise<void> {\n${statements(69)}}\n`),
    sample("manager/b.ts", `class A {\n  f({ a }: B = {}) {\n${statements(69)}  }\n}\n`),
    sample("manager/c.ts", `const f = async (a) => {\n  if (a) {\n${statements(68)}  }\n}\n`),
    sample("native/sys/a.cpp", `namespace a {\nint f() const noexcept {\n${statements(69)}}\n}\n`),
    sample("native/sys/b.hpp", `template <class T>\nT f(T a) {\n${statements(68)}}\n`),
    sample("native/sys/c.cpp", `A::A(int a) : a_(a), b_(a) {\n${statements(69)}}\n`),
    sample("native/sys/d.c", `struct a *f(void)\n{\n${statements(68)}}\n`),
  ],
  good: [
    ...sample("manager/a.ts", `function f() {\n${statements(68)}}\n`),
    ...sample("manager/b.ts", `export const table = {\n${"  a: 1,\n".repeat(90)}}\n`),
    ...sample("manager/d.ts", `const f = (a) => a\nclass A {\n${"  a = 1\n".repeat(90)}}\n`),
    ...sample("manager/c.ts", `interface A {\n${"  a: 1\n".repeat(90)}}\n`),
    ...sample("native/sys/a.hpp", `class A final : public B {\n${"  int a;\n".repeat(90)}};\n`),
    ...sample("native/sys/a.cpp", `namespace {\n${"int f() {\n  // }\n}\n".repeat(90)}}\n`),
  ],
}

const lineLength: Rule = {
  claim: `no line of code is longer than ${lineColumnsMax} columns`,
  check: (files) =>
    findLines(files.filter(isCode), (line) =>
      [...line].length > lineColumnsMax ? `${[...line].length} columns` : undefined,
    ),
  bad: [
    sample("manager/wide.ts", `\n// ${"a".repeat(98)}\n`),
    sample("native/sys/wide.hpp", `int ${"a".repeat(98)};`),
    sample(".ci/run", `echo ${"a".repeat(98)}`),
  ],
  good: [
    ...sample("manager/wide.ts", `// ${"ä".repeat(97)}\n`),
    ...sample("README.md", "a".repeat(500)),
  ],
}

export const sizeRules = [fileLength, functionLength, lineLength]
