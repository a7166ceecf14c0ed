// Runs one step of the setup: a line before, a line with the duration after, and a tool's output
// only when it fails.
import { spawn, spawnSync } from "node:child_process"
import { top } from "./tree.mjs"

/** What a person can mend: printed as it is, without a stack. */
export class SetupError extends Error {}

export async function step(name, run) {
  const startedMs = performance.now()
  process.stderr.write(`setup: ${name} ...\n`)
  await run()
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  process.stderr.write(`setup: ${name}: done in ${seconds} s\n`)
}

/** Runs a tool quietly. When it fails its whole output is shown, with `advice` below it. */
export function runQuietly(command, args, { advice, env = process.env }) {
  return new Promise((resolve, reject) => {
    const chunks = []
    const child = spawn(command, args, { cwd: top, env, stdio: ["ignore", "pipe", "pipe"] })
    child.stdout.on("data", (chunk) => chunks.push(chunk))
    child.stderr.on("data", (chunk) => chunks.push(chunk))
    child.on("error", (error) =>
      reject(new SetupError(`cannot start ${command}: ${error.message}`)),
    )
    child.on("close", (code, signal) => {
      if (code === 0) return resolve()
      process.stderr.write(Buffer.concat(chunks))
      const end = signal ? `was ended by ${signal}` : `failed with exit code ${code}`
      reject(new SetupError(`${command} ${args.slice(0, 2).join(" ")} ${end}. ${advice}`))
    })
  })
}

/** Whether a command can be started and answers to `--version`. */
export function isUsable(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0
}
