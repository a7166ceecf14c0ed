import { constants } from "node:os"
import koffi from "koffi"
import type { Access } from "../../protocol/messages.js"

/** Memory and userfaultfds of the test's own process, by the system calls that make them. */
const libc = koffi.load("libc.so.6")
const syscall = libc.func("long syscall(long number, ...)")
const ioctl = libc.func("int ioctl(int descriptor, ulong request, _Inout_ uint64_t *argument)")
const mmap = libc.func("mmap", "uint64_t", [
  "uint64_t", // address
  "uint64_t", // length
  "int", // protection
  "int", // flags
  "int", // file
  "int64_t", // offset
])

const madvise = libc.func("int madvise(uint64_t address, uint64_t length, int advice)")

const userfaultfdNumber = process.arch === "arm64" ? 282 : 323
const closeOnExec = 0o2000000
const nonBlocking = 0o4000
const apiRequest = 0xc018aa3fn
const registerRequest = 0xc020aa00n
const apiVersion = 0xaan
const modeMissing = 1n
const modeMinor = 4n
const readAndWrite = 3
const dontNeed = 4
const privateAnonymous = 0x22
const fileMappings = { shared: 1, private: 2 }

export const features = {
  eventFork: 1n << 1n,
  eventRemap: 1n << 2n,
  eventRemove: 1n << 3n,
  eventUnmap: 1n << 6n,
  sigbus: 1n << 7n,
  minorShmem: 1n << 10n,
}

/** A userfaultfd that has not been through UFFDIO_API. */
export function rawUserfaultfd(): number {
  const descriptor = Number(
    syscall(userfaultfdNumber, "int", closeOnExec | nonBlocking) as number | bigint,
  )
  if (descriptor < 0) throw new Error("userfaultfd(2) failed")
  return descriptor
}

/** A userfaultfd with those features. */
export function openUserfaultfd(features = 0n): number {
  const descriptor = rawUserfaultfd()
  if (ioctl(descriptor, apiRequest, [apiVersion, features, 0n]) < 0) {
    throw new Error(`UFFDIO_API with features ${features} failed`)
  }
  return descriptor
}

/** New memory whose missing pages are the userfaultfd's to answer. Returns its address. */
export function registeredMemory(userfaultfd: number, lengthBytes: number): bigint {
  const address = map(lengthBytes, privateAnonymous, -1)
  register(userfaultfd, address, lengthBytes, modeMissing)
  return address
}

/** An image's file, mapped; the kernel serves it alone. Throws when it may not be mapped so. */
export function mappedFile(file: number, lengthBytes: number, access: Access): bigint {
  return map(lengthBytes, fileMappings[access], file)
}

/** The same, with its missing and minor faults the userfaultfd's to answer. */
export function registeredFile(
  userfaultfd: number,
  file: number,
  lengthBytes: number,
  access: Access,
): bigint {
  const address = mappedFile(file, lengthBytes, access)
  register(userfaultfd, address, lengthBytes, modeMissing | modeMinor)
  return address
}

/** Memory as bytes: reading and writing them faults. Not to be used once it is unmapped. */
export function memoryAt(address: bigint, lengthBytes: number): Buffer {
  return Buffer.from(koffi.view(address, lengthBytes))
}

/** Waits for whoever reads the userfaultfd, where that tells of it. */
export function discardMemory(address: bigint, lengthBytes: number): void {
  if (madvise(address, BigInt(lengthBytes), dontNeed) < 0) {
    throw new Error(`madvise failed: ${errnoName()}`)
  }
}

function map(lengthBytes: number, flags: number, file: number): bigint {
  const address = BigInt(mmap(0n, BigInt(lengthBytes), readAndWrite, flags, file, 0n))
  if (address >= 2n ** 63n) throw new Error(`mmap failed: ${errnoName()}`)
  return address
}

function register(userfaultfd: number, address: bigint, lengthBytes: number, mode: bigint): void {
  const range = [address, BigInt(lengthBytes), mode, 0n]
  if (ioctl(userfaultfd, registerRequest, range) < 0) {
    throw new Error(`UFFDIO_REGISTER failed: ${errnoName()}`)
  }
}

function errnoName(): string {
  const errno = koffi.errno()
  return Object.entries(constants.errno).find(([, code]) => code === errno)?.[0] ?? `${errno}`
}
