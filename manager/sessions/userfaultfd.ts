import { ClientError } from "../errors.js"
import type { SocketModule } from "../sockets/native.js"

/** Features by bit, as linux/userfaultfd.h numbers them. */
const featureNames = [
  "PAGEFAULT_FLAG_WP",
  "EVENT_FORK",
  "EVENT_REMAP",
  "EVENT_REMOVE",
  "MISSING_HUGETLBFS",
  "MISSING_SHMEM",
  "EVENT_UNMAP",
  "SIGBUS",
  "THREAD_ID",
  "MINOR_HUGETLBFS",
  "MINOR_SHMEM",
  "EXACT_ADDRESS",
  "WP_HUGETLBFS_SHMEM",
  "WP_UNPOPULATED",
  "POISON",
  "WP_ASYNC",
  "MOVE",
]

/** Features that this manager cannot serve. With SIGBUS no fault ever reaches us. */
const refusedFeatures = ["SIGBUS"]
/** With these a client changes where its regions are without a word on its socket. */
const moveFeatures = ["EVENT_REMAP", "EVENT_UNMAP"]

/** What a client's userfaultfd can be asked to do. */
export interface UserfaultfdAbilities {
  /** Minor faults of shared memory, which mode share is made of. */
  readonly hasMinorFaults: boolean
  /** The client's changes to its memory, of which only who reads the descriptor hears. */
  readonly hasLayoutEvents: boolean
  /** Of those, the one that tells of discarded pages. */
  readonly tellsDiscards: boolean
  /** Of those, some that change where its regions are. */
  readonly movesRegions: boolean
  /** It came as it was made: what is to be said of it to the kernel, the manager says. */
  readonly isRaw: boolean
}

/** What is asked for in the name of a client that has asked for nothing. */
const rawFeatures = ["EVENT_FORK", "EVENT_REMAP", "EVENT_REMOVE", "EVENT_UNMAP", "MINOR_SHMEM"]
const layoutEvents = ["EVENT_FORK", "EVENT_REMAP", "EVENT_REMOVE", "EVENT_UNMAP"]

export const noAbilities: UserfaultfdAbilities = {
  hasMinorFaults: false,
  hasLayoutEvents: false,
  tellsDiscards: false,
  movesRegions: false,
  isRaw: false,
}

/** Throws a ClientError unless the descriptor is a userfaultfd that this manager can serve. */
export function checkUserfaultfd(
  native: Pick<SocketModule, "describeDescriptor" | "beginUserfaultfd">,
  descriptor: number,
): UserfaultfdAbilities {
  const { name, isUserfaultfd, isInitialised } = native.describeDescriptor(descriptor)
  if (!isUserfaultfd) {
    const message = `The descriptor that came along is ${name}, wanted a userfaultfd`
    throw new ClientError("not_userfaultfd", message)
  }
  if (!isInitialised) begin(native, descriptor)
  const names = namesOf(native.describeDescriptor(descriptor).features)
  const refused = names.filter((feature) => refusedFeatures.includes(feature))
  if (refused.length > 0) {
    const found = `The userfaultfd has features ${names.join(", ")}`
    const wanted = `wanted none of ${refusedFeatures.join(", ")}`
    throw new ClientError("unsupported_features", `${found}, ${wanted}`)
  }
  return {
    hasMinorFaults: names.includes("MINOR_SHMEM"),
    hasLayoutEvents: names.some((name) => layoutEvents.includes(name)),
    tellsDiscards: names.includes("EVENT_REMOVE"),
    movesRegions: names.some((name) => moveFeatures.includes(name)),
    isRaw: !isInitialised,
  }
}

/**
 * With every event: its client need not be allowed to ask for those of fork(2). Without them what
 * is missing in its children would be zeros, so it is all or nothing.
 */
function begin(native: Pick<SocketModule, "beginUserfaultfd">, descriptor: number): void {
  const bits = rawFeatures.map((name) => 1 << featureNames.indexOf(name))
  const errno = native.beginUserfaultfd(
    descriptor,
    bits.reduce((all, bit) => all | bit, 0),
  )
  if (errno === "") return
  const found = `The userfaultfd has not been through UFFDIO_API, which fails with ${errno} here`
  const wanted = "wanted one that has, or a manager that may trace processes (CAP_SYS_PTRACE)"
  throw new ClientError("unsupported_features", `${found}, ${wanted}`)
}

function namesOf(features: number): string[] {
  return featureNames.filter((_, bit) => (features >>> bit) % 2 === 1)
}
