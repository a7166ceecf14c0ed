import { release, userInfo } from "node:os"
import type { Command } from "commander"
import { defaultPaths } from "../../../protocol/paths.js"
import { loadNative } from "../../engine/load.js"
import { reasonOf } from "../../errors.js"
import { exitCodes } from "../failure.js"
import { type AskingOptions, clientOf, withDebugSocket } from "../options.js"
import { print, printJson } from "../output.js"
import { printable, type Terminal, terminalOf } from "../terminal.js"
import { type Check, readFact } from "./check.js"
import { libraryCheck, managerChecks } from "./installation_checks.js"
import {
  cgroupMemoryCheck,
  descriptorCheck,
  hugePagesCheck,
  kernelCheck,
  overcommitCheck,
} from "./machine_checks.js"
import { userfaultfdChecks } from "./userfaultfd_checks.js"

export function addDoctor(program: Command): void {
  withDebugSocket(program.command("doctor"))
    .description("say what this kernel and this user can do, and what mends the rest")
    .addHelpText(
      "after",
      `
Each line is ok, warn (it works, with something missing) or fail (it cannot work). Below a line
stands the command that mends it. Exits with 1 when a line is fail.

Example:
  pagerd doctor --json | jq '.[] | select(.status != "ok")'`,
    )
    .action(doctor)
}

async function doctor(options: AskingOptions): Promise<void> {
  const checks = [
    kernelCheck(release()),
    ...(await nativeChecks()),
    descriptorCheck(await readFact("/proc/self/limits")),
    await cgroupMemoryCheck(),
    await hugePagesCheck(),
    overcommitCheck(await readFact("/proc/sys/vm/overcommit_memory")),
    libraryCheck(),
    ...(await managerChecks(clientOf(options), defaultPaths())),
  ]
  if (options.json) await printJson(checks)
  else await print(renderChecks(checks, terminalOf(process.stdout)))
  if (checks.some(({ status }) => status === "fail")) process.exitCode = exitCodes.failed
}

/** Only the native parts can try userfaultfd; where they are not built, that is what is wrong. */
async function nativeChecks(): Promise<Check[]> {
  const name = "engine"
  try {
    const probe = loadNative().probeKernel()
    const unprivileged = await readFact("/proc/sys/vm/unprivileged_userfaultfd")
    const memfd: Check =
      probe.memfdErrno === 0
        ? { name: "memfd", status: "ok", found: "works" }
        : { name: "memfd", status: "fail", found: `memfd_create fails: errno ${probe.memfdErrno}` }
    return [
      { name, status: "ok", found: "loads" },
      ...userfaultfdChecks({ probe, kernelRelease: release(), unprivileged, user: whoAmI() }),
      memfd,
    ]
  } catch (error) {
    return [{ name, status: "fail", found: reasonOf(error), remedy: "npm run setup" }]
  }
}

/** As sudo and chown understand it, also for a user without a name. */
function whoAmI(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? "")
  }
}

const statusStyles = { ok: "green", warn: "yellow", fail: "red" } as const

function renderChecks(checks: readonly Check[], { paint }: Terminal): string[] {
  const nameWidth = checks.reduce((widest, { name }) => Math.max(widest, name.length), 0)
  return checks.flatMap(({ name, status, found, remedy }) => {
    const mark = paint(statusStyles[status], status.padEnd(4))
    const line = `${mark}  ${name.padEnd(nameWidth)}  ${printable(found)}`
    if (remedy === undefined || status === "ok") return [line]
    return [line, `      ${" ".repeat(nameWidth)}  ${paint("bold", remedy)}`]
  })
}
