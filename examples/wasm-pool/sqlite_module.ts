import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The wasm file of the package alone: none of its JavaScript is used here. */
export function readSqliteModule(): Uint8Array<ArrayBuffer> {
  const path = fileURLToPath(import.meta.resolve("@sqlite.org/sqlite-wasm/sqlite3.wasm"))
  return new Uint8Array(readFileSync(path))
}

type Imports = Record<string, Record<string, (...given: number[]) => unknown>>

/** Linux's number for "Function not implemented", as a system call returns it. */
const notImplemented = -52

/**
 * What the module imports besides its memory. A database in memory needs the time and nothing else
 * of the system: files are not there, and the heap cannot grow beyond what the image has, which
 * bounds what one tenant may take.
 */
export function sqliteImports(): Imports {
  return {
    env: {
      ...Object.fromEntries(systemCalls.map((name) => [name, () => notImplemented])),
      emscripten_resize_heap: () => 0,
      emscripten_date_now: () => Date.now(),
      emscripten_get_now: () => performance.now(),
      _emscripten_get_now_is_monotonic: () => 1,
    },
    wasi_snapshot_preview1: Object.fromEntries(
      wasiCalls.map((name) => [name, () => -notImplemented]),
    ),
  }
}

const systemCalls = [
  ...["faccessat", "fchmod", "chmod", "fchown32", "fcntl64", "openat", "ioctl", "fstat64"],
  ...["stat64", "newfstatat", "lstat64", "ftruncate64", "getcwd", "mkdirat", "readlinkat"],
  ...["rmdir", "unlinkat", "utimensat"],
]
  .map((call) => `__syscall_${call}`)
  .concat("_tzset_js", "_localtime_js", "_munmap_js", "_mmap_js")

const wasiCalls = [
  ...["fd_close", "fd_write", "fd_read", "fd_sync", "fd_seek", "fd_fdstat_get"],
  ...["environ_sizes_get", "environ_get"],
]
