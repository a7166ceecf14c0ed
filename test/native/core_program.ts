import { join } from "node:path"
import { repository } from "../harness/repository.js"
import { coreClaims } from "./core_claims.js"
import { buildProgram, nativeFolder, sourcesIn } from "./objects.js"

export type Sanitizer = "address,undefined" | "thread"

const core = join(repository, "test/native/core")
/** What every claim stands on. */
const ground = [
  ...["bed.cpp", "claim.cpp", "client.cpp", "pattern_image.cpp", "small_threads.cpp"],
  ...["survivor.cpp", "layer_files.cpp"],
]

const flagsOf = (sanitizer: Sanitizer): string[] => [
  // The fault ring's fences are for ordering atomics only, so nothing is missed without them.
  ...(sanitizer === "thread" ? ["-Wno-tsan"] : ["-fno-sanitize-recover=all"]),
  ...["-O1", "-g1", "-pthread", `-fsanitize=${sanitizer}`],
]

/**
 * Builds the engine core and every claim about it under a sanitizer. Returns the program's path; it
 * takes a claim's name.
 */
export async function buildCore(sanitizer: Sanitizer): Promise<string> {
  const engine = ["sys", "image", "engine"].map(nativeFolder).flatMap(sourcesIn)
  const claims = [...ground, ...coreClaims.map(({ source }) => source)]
  const sources = [...engine, ...claims.map((name) => join(core, name))]
  return buildProgram("core", sources, flagsOf(sanitizer))
}
