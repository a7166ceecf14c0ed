import { spawn } from "node:child_process"
import { join } from "node:path"
import { compileProgram } from "./compiled.js"
import { HostileClient } from "./hostile_client.js"
import { OwnedProcess } from "./owned_process.js"
import { repository } from "./repository.js"

/** Features of a userfaultfd; 0 hands it over as it was made. */
export const layoutFeatures = {
  raw: 0,
  remove: 1 << 3,
  /** fork, remap, remove, unmap */
  all: (1 << 1) | (1 << 2) | (1 << 3) | (1 << 6),
} as const

/** Starts a client that obeys layout_client.c's orders, connected. */
export async function startLayoutClient(socket: string): Promise<HostileClient> {
  const source = join(repository, "test/harness/layout_client.c")
  const headers = ["pattern.h", "raw_frames.h"]
  const dependsOn = headers.map((header) => join(repository, "test/harness", header))
  const program = compileProgram(source, { include: [repository], dependsOn })
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"] })
  const client = new HostileClient(new OwnedProcess("layout client", child))
  await client.order("connect", socket)
  return client
}
