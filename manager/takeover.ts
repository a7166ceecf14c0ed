import { request } from "node:http"
import { setTimeout as pause } from "node:timers/promises"
import type { Config } from "./config.js"
import { errnoOf, ManagerError, reasonOf } from "./errors.js"
import type { Logger } from "./log.js"
import { StateDirectory } from "./state/state_directory.js"
import type { InfoView } from "./view.js"

const answerTimeoutMs = 5_000
/** Beyond the time that it takes for requests under way: to end sessions and threads. */
const endingMs = 10_000
const lookMs = 2

/**
 * Asks the manager on the same debug socket, if there is one, to end. Its clients wait from then
 * on, so everything that takes time comes before this. Throws a ManagerError when there is one that
 * cannot be taken over from.
 */
export async function endRunningManager(config: Config, log: Logger): Promise<void> {
  const { debugSocket, stateDir } = config
  try {
    const running = readInfo(await ask("GET", debugSocket, "/v1/info"), debugSocket)
    if (running.state_dir !== stateDir) {
      const found = `the manager on ${debugSocket} keeps its state in ${running.state_dir}`
      const wanted = `wanted ${stateDir}, where this one looks for its sessions (--state-dir)`
      throw new ManagerError("takeover_failed", `Cannot take over: ${found}, ${wanted}`)
    }
    await ask("POST", debugSocket, "/v1/drain")
    log.info({ pid: running.pid }, "taking over from the manager that serves here")
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ECONNREFUSED") throw error
    log.info({ debug_socket: debugSocket }, "there is no manager to take over from")
  }
}

function readInfo(text: string, debugSocket: string): InfoView {
  try {
    return JSON.parse(text)
  } catch (error) {
    const found = `GET /v1/info was answered with no JSON: ${reasonOf(error)}`
    throw new ManagerError("takeover_failed", `Cannot take over from ${debugSocket}: ${found}`)
  }
}

/** Opens the state directory as soon as the manager that was asked to end has left it. */
export async function awaitStateDirectory(
  { stateDir, drainTimeoutMs }: Config,
  log: Logger,
): Promise<StateDirectory> {
  const deadlineMs = performance.now() + drainTimeoutMs + endingMs
  for (;;) {
    try {
      return StateDirectory.open(stateDir, log)
    } catch (error) {
      const isLocked = error instanceof ManagerError && error.code === "state_directory_locked"
      if (!isLocked || performance.now() > deadlineMs) throw error
    }
    await pause(lookMs)
  }
}

/** The answer's body. Rejects with the errno where nobody listens, else with a ManagerError. */
function ask(method: string, socketPath: string, path: string): Promise<string> {
  const refuse = (found: string) =>
    new ManagerError("takeover_failed", `Cannot take over from ${socketPath}: ${found}`)
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (part: string) => {
        text += part
      })
      response.on("error", reject)
      response.on("end", () => {
        if ((response.statusCode ?? 0) < 300) resolve(text)
        else reject(refuse(`${method} ${path} was answered with ${response.statusCode}: ${text}`))
      })
    })
    outgoing.setTimeout(answerTimeoutMs, () => {
      outgoing.destroy(refuse(`no answer within ${answerTimeoutMs / 1e3} s`))
    })
    outgoing.on("error", (error) => {
      reject(errnoOf(error) === "EACCES" ? refuse(reasonOf(error)) : error)
    })
    outgoing.end()
  })
}
