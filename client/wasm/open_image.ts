import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { PagerdError } from "../error.js"
import { type ImageDescription, imageDescription } from "./description.js"
import { hashOf, hashOfFile } from "./hash.js"
import { WasmImage } from "./image.js"
import { imageFiles } from "./save_image.js"
import { wasmPageBytes, webAssembly } from "./webassembly.js"

export interface OpenOptions {
  /** When the manager serves the memory file already: the name it has there. */
  readonly imageName?: string
}

/** Opens what WasmImage.save() wrote; throws PagerdError "bad_image" when that is not whole. */
export async function openImage(directory: string, options: OpenOptions = {}): Promise<WasmImage> {
  const description = await readDescription(join(directory, imageFiles.description))
  const modulePath = join(directory, imageFiles.module)
  const moduleBytes = new Uint8Array(await readFile(modulePath))
  requireHash(modulePath, hashOf(moduleBytes), description.module.sha256)

  const path = join(directory, imageFiles.memory)
  const wantedBytes = description.memory.initial * wasmPageBytes
  const { size } = await stat(path)
  if (size !== wantedBytes) throw damaged(path, `has ${size} bytes, wanted ${wantedBytes}`)
  requireHash(path, await hashOfFile(path), description.memory.sha256)

  const module = await webAssembly.compile(moduleBytes)
  return new WasmImage(description, moduleBytes, module, { kind: "file", path }, options.imageName)
}

async function readDescription(path: string): Promise<ImageDescription> {
  const text = await readFile(path, "utf8")
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    throw damaged(path, `is not JSON: ${(error as Error).message}`)
  }
  const parsed = imageDescription.safeParse(found)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw damaged(path, `is not a description: ${issue?.path.join(".")}: ${issue?.message}`)
}

function requireHash(path: string, found: string, wanted: string): void {
  if (found !== wanted) throw damaged(path, `has sha256 ${found}, wanted ${wanted}`)
}

const damaged = (path: string, found: string): PagerdError =>
  new PagerdError("bad_image", `The saved image is damaged: ${path} ${found}`)
