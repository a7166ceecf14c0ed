import { readdirSync, readFileSync } from "node:fs"
import { basename, extname, join, relative } from "node:path"

/** One file of the tree as the rules see it. A sample is one that exists in memory only. */
export interface SourceFile {
  /** Below the repository's root, with slashes. */
  readonly path: string
  readonly text: string
}

/** What a rule has against a file; `line` counts from 1. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

/**
 * One sentence that holds for the whole tree, with samples that prove that it can fail and can
 * hold.
 */
export interface Rule {
  readonly claim: string
  check(files: readonly SourceFile[]): Finding[]
  readonly bad: readonly (readonly SourceFile[])[]
  readonly good: readonly SourceFile[]
}

const foldersLeftOut = new Set([".git", "node_modules", "dist", "build"])
const binary = /\.(png|jpg|gif|ico|bin|wasm|db)$/

/** Every text file that belongs to the repository. */
export function readTree(root: string): SourceFile[] {
  const paths = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      if (foldersLeftOut.has(entry.name)) return []
      const path = join(directory, entry.name)
      return entry.isDirectory() ? paths(path) : entry.isFile() ? [path] : []
    })
  return paths(root)
    .filter((path) => !binary.test(path) && !path.endsWith(".log"))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }))
}

const native = new Set([".c", ".cpp", ".h", ".hpp"])
const script = new Set([".ts", ".mjs"])

export const isNative = ({ path }: SourceFile): boolean => native.has(extname(path))
export const isScript = ({ path }: SourceFile): boolean => script.has(extname(path))
export const isCode = (file: SourceFile): boolean =>
  isNative(file) || isScript(file) || file.path === ".ci/run" || file.path.endsWith(".gyp")
export const isTest = ({ path }: SourceFile): boolean => path.endsWith(".test.ts")

/** "remove_before_fault" of "test/e2e/remove_before_fault.test.ts". */
export const stemOf = ({ path }: SourceFile): string => basename(path).replace(/\..*$/, "")

/** A finding on every line that `judge` has something against. */
export function findLines(
  files: readonly SourceFile[],
  judge: (line: string, file: SourceFile) => string | undefined,
): Finding[] {
  return files.flatMap((file) =>
    file.text.split("\n").flatMap((text, index) => {
      const message = judge(text, file)
      return message === undefined ? [] : [{ path: file.path, line: index + 1, message }]
    }),
  )
}
