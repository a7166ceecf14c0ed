import { execFile, spawnSync } from "node:child_process"
import { promisify } from "node:util"
import { suite } from "uvu"
import { skipLoudly } from "../harness/skip.js"
import type { CoreClaim } from "./core_claims.js"
import { buildCore, type Sanitizer } from "./core_program.js"

const execute = promisify(execFile)

/** The program gives up by itself before; this is for one that cannot. */
const claimMsMax = 90_000

/** Proves claims about the engine core under a sanitizer, each as a test of its own. */
export async function proveClaims(
  sanitizer: Sanitizer,
  claims: readonly CoreClaim[],
): Promise<void> {
  const program = await buildCore(sanitizer)
  const test = suite(`engine core under ${sanitizer}`)
  for (const { source } of claims) {
    const claim = source.replace(/\.cpp$/, "")
    test(claim.replaceAll("_", " "), async () => {
      await run(program, claim)
    })
  }
  test.run()
}

/** The program's exit code where it may not have a userfaultfd. */
const deniedCode = 77

/**
 * The thread sanitizer of gcc 12 knows no address space as random as some kernels make it; where
 * that cannot be switched off, it is left to chance.
 */
const steady = ["setarch", "--addr-no-randomize"]
const canBeSteady = spawnSync("setarch", ["--addr-no-randomize", "true"]).status === 0

async function run(program: string, claim: string): Promise<void> {
  const [command = program, ...words] = [...(canBeSteady ? steady : []), program, claim]
  try {
    await execute(command, words, {
      timeout: claimMsMax,
      killSignal: "SIGKILL",
      env: { ...process.env, TSAN_OPTIONS: "halt_on_error=1 second_deadlock_stack=1" },
    })
  } catch (error) {
    const { code, signal, stderr } = error as Ending
    if (code === deniedCode) return skipLoudly("userfaultfd", "only root may have one here")
    throw new Error(`${claim} ended by ${signal ?? `code ${code}`}\n${stderr ?? String(error)}`)
  }
}

/** How a program that did not end well did end. SIGALRM and SIGKILL say that it hung. */
interface Ending {
  readonly code?: number | string
  readonly signal?: string
  readonly stderr?: string
}
