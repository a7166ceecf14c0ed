import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { loadNative } from "../engine/load.js"
import { errnoOf, ManagerError, reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { SocketModule } from "../sockets/native.js"
import { replaceFile, unfinishedSuffix } from "./durable_file.js"
import { remedyOf, stateFailure } from "./state_failure.js"

/** Held by the manager whose directory it is; its pid stands in it. */
const lockName = "manager.lock"
/** Written and removed at the start, so that a full disk is known before anybody is served. */
const trialName = "trial"
const trialBytes = 4_096
const allowedName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/

/**
 * What outlives the process: small files in a directory of one manager's own. Every call is
 * synchronous, for the control path only: a disk may take its time. JS thread; owned by the
 * manager.
 */
export class StateDirectory {
  private failing: string | undefined
  private isClosed = false

  private constructor(
    readonly path: string,
    private readonly log: Logger,
    private readonly native: Pick<SocketModule, "closeDescriptor">,
    private readonly directory: number,
    private readonly lock: number,
  ) {}

  /**
   * Makes the directory if need be, takes it for this process, and tries that it can be written.
   * Throws a ManagerError that says what to do: `state_directory_locked` while another manager has
   * it, else `state_directory_unusable`.
   */
  static open(path: string, log: Logger): StateDirectory {
    const native = loadNative()
    makePrivateDirectory(path)
    const lock = takeLock(native, path)
    let directory = -1
    try {
      ftruncateSync(lock)
      writeSync(lock, `${process.pid}\n`, 0)
      directory = openSync(path, "r")
      removeUnfinished(path)
      const state = new StateDirectory(path, log, native, directory, lock)
      state.replace(trialName, Buffer.alloc(trialBytes, 0xa5), true)
      rmSync(join(path, trialName))
      return state
    } catch (error) {
      if (directory >= 0) closeSync(directory)
      native.closeDescriptor(lock)
      throw stateFailure(`write in the state directory ${path}`, error)
    }
  }

  /**
   * Why nothing can be kept at the moment, and so what is served would be lost in a crash;
   * undefined while the last write went well.
   */
  get failure(): string | undefined {
    return this.failing
  }

  /** Undefined when there is no such file. Throws a ManagerError when it cannot be read. */
  read(name: string): Buffer | undefined {
    const path = this.pathOf(name)
    try {
      return readFileSync(path)
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined
      throw stateFailure(`read ${path}`, error)
    }
  }

  /** The files kept here, sorted by name. */
  list(): string[] {
    try {
      return readdirSync(this.path).filter(isKept).sort()
    } catch (error) {
      throw stateFailure(`list ${this.path}`, error)
    }
  }

  /**
   * The whole file or nothing of it, on the disk before this returns. Throws a ManagerError when it
   * cannot be kept; what was there before is then there still. That it cannot is logged here, once
   * until it can again.
   */
  writeDurably(name: string, bytes: Uint8Array): void {
    this.note(`write ${this.pathOf(name)}`, () => this.replace(name, bytes, true))
  }

  /** The same without waiting for the disk: it survives this process's end, not the machine's. */
  write(name: string, bytes: Uint8Array): void {
    this.note(`write ${this.pathOf(name)}`, () => this.replace(name, bytes, false))
  }

  /**
   * More at a file's end, which is made if need be. It survives this process's end; when it throws
   * a ManagerError, part of it may be there.
   */
  append(name: string, bytes: Uint8Array): void {
    const path = this.pathOf(name)
    this.note(`write ${path}`, () => appendFileSync(path, bytes, { mode: 0o600 }))
  }

  /** No such file is no failure. Throws a ManagerError when it is there and stays. */
  remove(name: string): void {
    const path = this.pathOf(name)
    try {
      rmSync(path, { force: true })
    } catch (error) {
      throw stateFailure(`remove ${path}`, error)
    }
  }

  /** Another manager may have the directory from here on. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    closeSync(this.directory)
    this.native.closeDescriptor(this.lock)
  }

  private pathOf(name: string): string {
    if (this.isClosed) throw new Error(`the state directory ${this.path} is closed`)
    if (!allowedName.test(name) || !isKept(name)) throw new Error(`"${name}" names no state file`)
    return join(this.path, name)
  }

  private replace(name: string, bytes: Uint8Array, isDurable: boolean): void {
    replaceFile(join(this.path, name), bytes, isDurable)
    if (isDurable) fsyncSync(this.directory)
  }

  private note(what: string, write: () => void): void {
    try {
      write()
    } catch (error) {
      if (this.failing === undefined) {
        const facts = { state_dir: this.path, reason: reasonOf(error) }
        const loss = "cannot keep state: what is served now would be lost in a crash"
        this.log.error(facts, `${loss}; ${remedyOf(error)}`)
      }
      this.failing = reasonOf(error)
      throw stateFailure(what, error)
    }
    if (this.failing === undefined) return
    this.failing = undefined
    this.log.info({ state_dir: this.path }, "state is kept again")
  }
}

const isKept = (name: string): boolean =>
  name !== lockName && name !== trialName && !name.endsWith(unfinishedSuffix)

/** Nobody else may write there: what stands in it is believed at the next start. */
function makePrivateDirectory(path: string): void {
  let found: ReturnType<typeof statSync>
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    found = statSync(path)
  } catch (error) {
    throw stateFailure(`make the state directory ${path}`, error)
  }
  const uid = process.geteuid?.() ?? found.uid
  const isOpen = (found.mode & 0o022) !== 0
  if (found.uid === uid && !isOpen) return
  const mode = (found.mode & 0o7777).toString(8).padStart(4, "0")
  const wanted = `it must be user ${uid}'s and for nobody else to write`
  const message = `The state directory ${path} is user ${found.uid}'s with mode ${mode}; ${wanted}`
  throw new ManagerError("state_directory_unusable", `${message}: chown ${uid}, chmod 0700`)
}

function takeLock(native: Pick<SocketModule, "lockFile">, path: string): number {
  const lockPath = join(path, lockName)
  try {
    return native.lockFile(lockPath)
  } catch (error) {
    if (errnoOf(error) !== "EAGAIN") throw stateFailure(`lock the state directory ${path}`, error)
    const who = `Another manager (${holderOf(lockPath)}) keeps its state in ${path}`
    const message = `${who}: end it, or give this one a directory of its own (--state-dir)`
    throw new ManagerError("state_directory_locked", message)
  }
}

/** It writes its pid right after it has the lock, so there is a moment in which none is there. */
function holderOf(lockPath: string): string {
  try {
    const pid = /^\d+$/m.exec(readFileSync(lockPath, "latin1"))?.[0]
    return pid === undefined ? "just starting" : `pid ${pid}`
  } catch (error) {
    return `its pid cannot be read: ${reasonOf(error)}`
  }
}

/** What a manager was writing when it was killed: nobody was told that it is kept. */
function removeUnfinished(path: string): void {
  for (const name of readdirSync(path)) {
    if (name.endsWith(unfinishedSuffix)) rmSync(join(path, name), { force: true })
  }
}
