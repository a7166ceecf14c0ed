import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/** A process of a test file that is still there. */
export interface Member {
  readonly pid: number
  /** R, S, D ...; never Z: a zombie runs nothing any more. */
  readonly state: string
  readonly command: string
  /** Kernel function it sleeps in; `handle_userfault` is a fault that nobody resolved. */
  readonly sleepsIn: string
}

/** Living processes of a process group. */
export function groupMembers(group: number): Member[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readMember(Number(name), group))
    .filter((member) => member !== undefined)
}

function readMember(pid: number, group: number): Member | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The command in parentheses may hold anything, parentheses too: fields count from the last
    // one.
    const [state = "?", , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    if (Number(processGroup) !== group || state === "Z" || state === "X") return undefined
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
    const command = words.join(" ").trim() || readlinkSync(`/proc/${pid}/exe`)
    return { pid, state, command, sleepsIn: readOptional(`/proc/${pid}/wchan`) }
  } catch {
    return undefined // It ended while we looked.
  }
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

export const describeMember = ({ pid, state, command, sleepsIn }: Member): string =>
  `  pid ${pid} ${state} in ${sleepsIn || "?"}: ${command}`

/** Ends a process group that we started. A group that is gone already is fine. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
