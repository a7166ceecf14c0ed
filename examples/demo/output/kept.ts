import { dirname } from "node:path"
import type { Daemon } from "../daemon/daemon.js"
import { pagerdProgram } from "../daemon/pagerd_program.js"

/** How to look at the manager that --keep leaves running, and how to stop it. */
export function formatKept({ socket, debug, pid }: Daemon): string {
  if (pid === undefined || debug === undefined) {
    return `The images stay published at ${socket} until this process ends: Ctrl-C.`
  }
  const pagerd = `${process.execPath} ${pagerdProgram}`
  return [
    `The manager stays up, pid ${pid}, socket ${socket}. Look inside:`,
    `  curl --unix-socket ${debug.path} http://localhost/v1/images`,
    `  curl --unix-socket ${debug.path} http://localhost/v1/stats`,
    `  ${pagerd} ps --debug-socket ${debug.path}`,
    `  ${pagerd} top --debug-socket ${debug.path}`,
    "Stop it:",
    `  kill ${pid}; rm -rf ${dirname(socket)}`,
  ].join("\n")
}
