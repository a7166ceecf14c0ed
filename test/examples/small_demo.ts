import { readdirSync } from "node:fs"
import { scratchDirectory } from "../harness/scratch.js"
import { type StartedExample, startExample } from "./run_example.js"

/** The fields of --json's object that tests look at. */
export interface DemoReport {
  readonly ok: boolean
  readonly error?: string
  readonly manager: { socket: string; debug_socket: string | null; pid: number | null }
  readonly images: {
    name: string
    length_bytes: number
    was_cached: boolean
    ways: { way: string; cost_bytes: number; workers: WorkerReport[] }[]
  }[]
}

export interface WorkerReport {
  readonly pid: number
  readonly mode: string | null
  readonly resident_bytes: number | null
  readonly questions: number
  readonly first_answer_ms: number
  readonly all_answers_ms: number
  readonly faults: number | null
  readonly resident_pages: number | null
  readonly fault_service_us_p99: number | null
}

export interface DemoOptions {
  readonly workers?: number
  readonly args?: readonly string[]
  /** Scratch directories unless named. */
  readonly cache?: string
  readonly runtime?: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number | undefined
  /** Of the package; the repository unless named. */
  readonly directory?: string | undefined
}

/** A demo on small images, whose cache and runtime directory are scratch ones. */
export interface SmallDemo extends StartedExample {
  readonly cache: string
  /** What it left where its daemon's directory was. */
  leftovers(): string[]
}

export function startSmallDemo(options: DemoOptions = {}): SmallDemo {
  const { workers = 2, args = [], env = {}, uid, directory } = options
  const { cache = scratchDirectory(), runtime = scratchDirectory() } = options
  const small = ["--workers", String(workers), "--rows", "3000", "--index-mib", "8"]
  const example = startExample(
    "examples/demo/main.js",
    { XDG_CACHE_HOME: cache, XDG_RUNTIME_DIR: runtime, ...env },
    { args: [...small, ...args], uid, directory },
  )
  return { ...example, cache, leftovers: () => readdirSync(runtime) }
}

export function parseReport(stdout: string): DemoReport {
  return JSON.parse(stdout) as DemoReport
}
