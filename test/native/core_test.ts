import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { suite } from "uvu"
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

async function run(program: string, claim: string): Promise<void> {
  try {
    // The thread sanitizer of gcc 12 knows no address space as random as some kernels make it.
    await execute("setarch", ["--addr-no-randomize", program, claim], {
      timeout: claimMsMax,
      killSignal: "SIGKILL",
      env: { ...process.env, TSAN_OPTIONS: "halt_on_error=1 second_deadlock_stack=1" },
    })
  } catch (error) {
    throw new Error(describe(error, claim))
  }
}

function describe(error: unknown, claim: string): string {
  const { code, signal, stderr } = error as { code?: number; signal?: string; stderr?: string }
  const end = signal ? `was ended by ${signal}: it hung` : `ended with code ${code}`
  return `${claim} ${end}\n${stderr ?? String(error)}`
}
