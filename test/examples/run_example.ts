import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { repository } from "../harness/repository.js"
import { within } from "../harness/retry.js"
import { asUid } from "../harness/user.js"

export interface ExampleEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ExampleOptions {
  readonly args?: readonly string[]
  readonly uid?: number | undefined
  /** Of the package; the repository unless named. */
  readonly directory?: string | undefined
}

const budgetMs = 100_000

/** A program of examples/ that was started. It is killed at the latest when the test ends. */
export interface StartedExample {
  readonly child: ChildProcess
  /** What it has written so far. */
  stdout(): string
  stderr(): string
  readonly ended: Promise<ExampleEnd>
}

export function startExample(
  program: string,
  env: NodeJS.ProcessEnv,
  { args = [], uid, directory = repository }: ExampleOptions = {},
): StartedExample {
  const child = spawn(process.execPath, [join(directory, "dist", program), ...args], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : asUid(uid)),
  })
  const text = { stdout: "", stderr: "" }
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      text[stream] += chunk.toString()
    })
  }
  const killNow = (): void => void child.kill("SIGKILL")
  process.once("exit", killNow)
  const ended = once(child, "close").then(([code]) => {
    process.off("exit", killNow)
    return { code, ...text } as ExampleEnd
  })
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, ended }
}

/** Starts it and returns once it has ended. */
export function runExample(
  program: string,
  env: NodeJS.ProcessEnv,
  options: ExampleOptions = {},
): Promise<ExampleEnd> {
  return within(`the end of ${program}`, budgetMs, startExample(program, env, options).ended)
}
