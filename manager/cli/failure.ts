/** What the command's exit codes mean. `pagerd --help` lists them; scripts rely on them. */
export const exitCodes = {
  done: 0,
  /** The manager refused, or what was asked for could not be done. */
  failed: 1,
  usage: 2,
  /** No manager listens, or this user may not ask it. */
  unreachable: 3,
  /** Another manager has the socket or the state directory, or a file is in their way. */
  taken: 4,
  /** A bug: EX_SOFTWARE of sysexits.h. */
  bug: 70,
} as const

export const exitCodesHelp = `
Exit codes:
  0  done
  1  the manager refused, or it could not be done
  2  wrong usage
  3  no manager listens, or this user may not ask it
  4  serve: another manager has the socket or the state directory, or a file is in the way
  70 a bug in pagerd`

const takenCodes: readonly string[] = [
  "already_running",
  "socket_path_taken",
  "state_directory_locked",
]

/** For what the manager's own code refused, by the code of its error. */
export function exitCodeOf(code: string): number {
  return takenCodes.includes(code) ? exitCodes.taken : exitCodes.failed
}

/**
 * Why a command ends without having done its work: a sentence for people and a code for scripts.
 */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure"
  constructor(
    readonly exitCode: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}
