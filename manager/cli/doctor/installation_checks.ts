import { constants, existsSync } from "node:fs"
import { access } from "node:fs/promises"
import { dirname } from "node:path"
import type { ManagerPaths } from "../../../protocol/paths.js"
import { packageVersion } from "../../version.js"
import type { InfoView } from "../../view.js"
import type { DebugClient } from "../debug_client.js"
import { CommandFailure } from "../failure.js"
import { headerPath, libraryPath } from "../package_files.js"
import type { Check } from "./check.js"

export function libraryCheck(): Check {
  const name = "libpagerd"
  const missing = [headerPath, libraryPath].find((path) => !existsSync(path))
  if (missing === undefined) return { name, status: "ok", found: libraryPath }
  return { name, status: "fail", found: `${missing} is not there`, remedy: "npm run setup" }
}

/** Whether a manager answers; where none does, whether this user could start one. */
export async function managerChecks(client: DebugClient, paths: ManagerPaths): Promise<Check[]> {
  try {
    return [runningCheck(await client.get<InfoView>("/v1/info"))]
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    const silent = { name: "manager", status: "warn", found: error.message } as const
    if (error.code !== "no_manager") return [silent]
    const found = `no pagerd listens on ${client.path}`
    return [{ ...silent, found, remedy: "pagerd serve" }, ...(await directoryChecks(paths))]
  }
}

function runningCheck(info: InfoView): Check {
  const name = "manager"
  const found = `pagerd ${info.version}, pid ${info.pid}, serves at ${info.socket}`
  if (info.version !== packageVersion()) {
    const remedy = "start the manager again, so that both are of one version"
    return { name, status: "warn", found: `${found}; this is ${packageVersion()}`, remedy }
  }
  if (info.passes_device) {
    return { name, status: "ok", found: `${found} and hands out the device` }
  }
  return {
    name,
    status: "warn",
    found: `${found} without the device: unprivileged clients get faults of user mode only`,
    remedy: "start the manager as a user that may open /dev/userfaultfd",
  }
}

async function directoryChecks({ socket, stateDir }: ManagerPaths): Promise<Check[]> {
  const checks = [
    { name: "socket directory", directory: dirname(socket), option: "--socket P --debug-socket P" },
    { name: "state directory", directory: stateDir, option: "--state-dir D" },
  ]
  return Promise.all(
    checks.map(async ({ name, directory, option }): Promise<Check> => {
      if (await canHold(directory)) return { name, status: "ok", found: directory }
      const found = `this user may not write ${directory}`
      return { name, status: "warn", found, remedy: `pagerd serve ${option}` }
    }),
  )
}

/** Whether this user may write the directory, or make it where it is not there yet. */
async function canHold(directory: string): Promise<boolean> {
  const nearest = existsSync(directory) ? directory : dirname(directory)
  if (!existsSync(nearest) && nearest !== directory) return canHold(nearest)
  return access(nearest, constants.W_OK).then(
    () => true,
    () => false,
  )
}
