import { constants, fstatSync, readFileSync } from "node:fs"
import { ClientError } from "../errors.js"
import type { SocketModule } from "../sockets/native.js"
import { fileSystemOfMount } from "./mounts.js"

const accessModeMask = 0o3
/** O_PATH, which Node does not name: the file was never opened. */
const pathOnly = 0o10000000

/** File systems whose server may be the client itself: it could let a filler wait for ever. */
const isServedByProcess = (type: string) => /^(fuse|9p|virtiofs)/.test(type)

/**
 * Throws a ClientError unless the descriptor that a client offers is a readable regular file with
 * bytes in it, on a file system whose answers no client can hold back. Until that is known nothing
 * here asks the file's own file system.
 */
export function checkPublishedFile(
  native: Pick<SocketModule, "describeDescriptor">,
  descriptor: number,
  clientPid: number,
): void {
  const { name, isSharedMemory } = native.describeDescriptor(descriptor)
  const refuse = (found: string) => {
    const wanted = "a regular file that is open for reading"
    return new ClientError("unsupported_file", `Cannot publish ${name}: ${found}, wanted ${wanted}`)
  }
  if (!name.startsWith("/")) throw refuse("it is no file")

  const { flags, mount } = readDescriptorFacts(descriptor)
  if ((flags & pathOnly) !== 0 || (flags & accessModeMask) === constants.O_WRONLY) {
    throw refuse("it is not open for reading")
  }
  if ((flags & constants.O_DIRECT) !== 0) throw refuse("it is open with O_DIRECT")
  if (!isSharedMemory) checkFileSystem(fileSystemOfMount(mount, clientPid), refuse)

  const file = fstatSync(descriptor)
  if (!file.isFile()) throw refuse("it is no regular file")
  if (file.size === 0) throw refuse("it is empty")
}

function checkFileSystem(type: string | undefined, refuse: (found: string) => ClientError): void {
  if (type === undefined) throw refuse("it lies on a file system that is not mounted here")
  if (isServedByProcess(type)) throw refuse(`its file system, ${type}, is served by a process`)
}

function readDescriptorFacts(descriptor: number): { flags: number; mount: number } {
  const facts = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8")
  const flags = /^flags:\s+([0-7]+)$/m.exec(facts)?.[1] ?? "0"
  const mount = /^mnt_id:\s+(\d+)$/m.exec(facts)?.[1] ?? "-1"
  return { flags: Number.parseInt(flags, 8), mount: Number(mount) }
}
