import { join } from "node:path"
import { repository } from "../harness/repository.js"
import { buildProgram, nativeFolder, sourcesIn } from "./objects.js"

/** Of sys/, what asks the kernel for nothing that the engine waits for. */
const realCalls = ["file.cpp", "joined_thread.cpp"].map((name) => join(nativeFolder("sys"), name))

const model = join(repository, "test/native/model")

const modelSources = [
  // The scheduler, and what it switches.
  ...["choices.cpp", "failure.cpp", "fiber.cpp", "scheduler.cpp", "locks.cpp"],
  // The kernel.
  ...["descriptors.cpp", "memory.cpp", "sys_memory.cpp", "sys_poll.cpp", "sys_thread.cpp"],
  "sys_uffd.cpp",
  // Clients, the control plane, and what they do.
  ...["process.cpp", "scene.cpp", "explore.cpp"],
  ...["scripts_of_layouts.cpp", "scripts_of_sources.cpp", "scripts_of_threads.cpp"],
  ...["scripts_of_shares.cpp", "scripts_of_discards.cpp", "scripts_of_letting_go.cpp"],
]

/**
 * Builds the engine as it is, on a kernel of ours: `model/sys_*.cpp` stand in for `native/sys`, and
 * its threads are fibers that one scheduler switches. Returns the program's path.
 */
export async function buildModel(): Promise<string> {
  const engine = ["image", "engine"].map(nativeFolder).flatMap(sourcesIn)
  const sources = modelSources.map((name) => join(model, name))
  // Fibers go from stack to stack by longjmp(), which a fortified C library takes for an attack.
  const flags = ["-O2", "-g1", "-pthread", "-U_FORTIFY_SOURCE"]
  return buildProgram("model", [...realCalls, ...engine, ...sources], flags)
}
