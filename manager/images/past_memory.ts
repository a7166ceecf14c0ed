import { closeSync, openSync, readdirSync, readlinkSync, statSync } from "node:fs"

/** As the engine names the memory of its images. */
const linkPrefix = "/memfd:pagerd-image"

/**
 * Looks for the memory of images among what processes have open, and opens it: once more than their
 * clients nobody holds it after a manager was killed. Only what may be looked at is found; the
 * descriptors are the caller's.
 */
export function findMemory(wanted: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>()
  if (wanted.size === 0) return found
  for (const process of list("/proc")) {
    if (!/^\d+$/.test(process)) continue
    const folder = `/proc/${process}/fd`
    for (const number of list(folder)) {
      const memory = memoryAt(`${folder}/${number}`)
      if (memory === undefined || !wanted.has(memory) || found.has(memory)) continue
      const descriptor = open(`${folder}/${number}`, memory)
      if (descriptor !== undefined) found.set(memory, descriptor)
      if (found.size === wanted.size) return found
    }
  }
  return found
}

/** Its identity, as the engine tells it. */
function memoryAt(path: string): string | undefined {
  try {
    // Asked first: looking at a file of another kind could take as long as its file system likes.
    if (!readlinkSync(path).startsWith(linkPrefix)) return undefined
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** Undefined when it is another file by now. */
function open(path: string, memory: string): number | undefined {
  try {
    const descriptor = openSync(path, "r")
    if (memoryAt(`/proc/self/fd/${descriptor}`) === memory) return descriptor
    closeSync(descriptor)
  } catch {
    // Gone, or not for us to open.
  }
  return undefined
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
