import { spawn } from "node:child_process"
import { once } from "node:events"

/** Leaves a socket file behind that nobody listens on any more. */
export async function killedListener(path: string): Promise<void> {
  const script = `require("node:net").createServer().listen(process.argv[1], () => console.log())`
  const child = spawn(process.execPath, ["-e", script, path], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await once(child.stdout, "data")
  child.kill("SIGKILL")
  await once(child, "exit")
}
