import { basename } from "node:path"
import { isCode, isNative, isScript, isTest, type Rule, stemOf } from "./source_file.js"

/** Words that say nothing about what a file is for. */
const emptyWords = new Set(
  ["util", "utils", "helper", "helpers", "ctx", "context", "mgr", "data", "info", "handler"].concat(
    ["handlers", "common", "misc", "stuff"],
  ),
)

const wordsOf = (stem: string): string[] => stem.split(/[_-]|(?=[A-Z])/).map((w) => w.toLowerCase())

const fileWords: Rule = {
  claim: "no file is named with a word that says nothing",
  check: (files) =>
    files.filter(isCode).flatMap((file) => {
      const empty = isTest(file) ? [] : wordsOf(stemOf(file)).filter((word) => emptyWords.has(word))
      return empty.map((word) => ({ path: file.path, line: 1, message: `"${word}" says nothing` }))
    }),
  bad: [
    [{ path: "manager/util.ts", text: "" }],
    [{ path: "native/sys/fault_handler.cpp", text: "" }],
    [{ path: "client/regionHelper.ts", text: "" }],
  ],
  good: [{ path: "manager/view.ts", text: "" }],
}

const fileCase: Rule = {
  claim: "code files are named in snake_case",
  check: (files) =>
    files
      .filter((file) => isScript(file) || isNative(file))
      .filter(({ path }) => !/^[a-z0-9_]+(?:\.test)?\.[a-z]+$/.test(basename(path)))
      .map(({ path }) => ({ path, line: 1, message: `${basename(path)} is not in snake_case` })),
  bad: [
    [{ path: "manager/faultRing.ts", text: "" }],
    [{ path: "native/sys/fault-ring.cpp", text: "" }],
  ],
  good: [{ path: "test/a/b_c_d.test.ts", text: "" }],
}

const testClaims: Rule = {
  claim: "a test file's name is a claim of three words or more",
  check: (files) =>
    files.filter(isTest).flatMap((file) => {
      const words = stemOf(file).split("_")
      const isClaim = words.length >= 3 && words.at(-1) !== "test" && !words.includes("works")
      return isClaim
        ? []
        : [{ path: file.path, line: 1, message: "not a claim that could be false" }]
    }),
  bad: [
    [{ path: "test/e2e/remove.test.ts", text: "" }],
    [{ path: "test/e2e/remove_works_well.test.ts", text: "" }],
  ],
  good: [{ path: "test/e2e/remove_before_fault.test.ts", text: "" }],
}

export const nameRules = [fileWords, fileCase, testClaims]
