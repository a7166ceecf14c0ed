import { join } from "node:path"
import type { DebugSocket } from "../harness/debug_socket.js"
import { scratchDirectory } from "../harness/scratch.js"

/** Any manager of a test's. */
export interface Listening {
  readonly debug: DebugSocket
}

/**
 * Has VMs find an image of the manager, as `pagerd listen firecracker` would, with more fields of
 * POST /v1/listeners where they are wanted. Returns the socket's path.
 */
export async function listenForVms(
  { debug }: Listening,
  image: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const path = join(scratchDirectory(), "vm.sock")
  const listener = { dialect: "firecracker", image, path, ...options }
  const { status, text } = await debug.ask("POST", "/v1/listeners", listener)
  if (status !== 201) throw new Error(`nobody listens at ${path}: ${status}, ${text}`)
  return path
}
