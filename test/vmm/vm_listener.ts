import { join } from "node:path"
import { runPagerd } from "../cli/run_pagerd.js"
import type { DebugSocket } from "../harness/debug_socket.js"
import { scratchDirectory } from "../harness/scratch.js"

/** Has VMs find an image of the manager, as its operator would. Returns the socket's path. */
export async function listenForVms(
  manager: { readonly debug: DebugSocket },
  image: string,
  ...options: readonly string[]
): Promise<string> {
  const path = join(scratchDirectory(), "vm.sock")
  const words = ["listen", "firecracker", "--image", image, "--path", path, ...options]
  const { code, stderr } = await runPagerd([...words, "--debug-socket", manager.debug.path])
  if (code !== 0) throw new Error(`pagerd listen ended with ${code}: ${stderr}`)
  return path
}
