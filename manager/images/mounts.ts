import { readFileSync } from "node:fs"

/** One line of a process's mountinfo. */
interface Mount {
  readonly id: string
  /** "8:1": the same in every mount namespace. */
  readonly device: string
  readonly fileSystem: string
}

/**
 * The type of file system behind a mount of the client's, provided that it is mounted here too.
 * The client's own list is asked where ours does not know the mount, as in a container or when we
 * run in a mount namespace of our own (systemd's ProtectSystem=, for one). Whatever else a client
 * has mounted may be something that it serves itself.
 */
export function fileSystemOfMount(id: number, clientPid: number): string | undefined {
  const wanted = String(id)
  const ours = mountsOf("self")
  const known = ours.find((mount) => mount.id === wanted)
  if (known !== undefined) return known.fileSystem
  const theirs = mountsOf(String(clientPid)).find((mount) => mount.id === wanted)
  if (theirs === undefined) return undefined
  const isHere = ours.some(
    ({ device, fileSystem }) => device === theirs.device && fileSystem === theirs.fileSystem,
  )
  return isHere ? theirs.fileSystem : undefined
}

/** None where we may not look, or nobody is there any more. */
function mountsOf(pid: string): Mount[] {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n").flatMap(parseMount)
  } catch {
    return []
  }
}

/**
 * The type is the first field after the lone dash:
 * "36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw".
 */
function parseMount(line: string): Mount[] {
  const [id, , device] = line.split(" ")
  const fileSystem = line.split(" - ")[1]?.split(" ")[0]
  return id && device && fileSystem ? [{ id, device, fileSystem }] : []
}
