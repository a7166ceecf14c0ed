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

/**
 * Features that this manager cannot serve. A fork would hand us a child's descriptor that nobody
 * has asked us to serve, a remap or unmap would change regions behind their book's back: the engine
 * knows REMOVE only. With SIGBUS no fault ever reaches us.
 */
const refusedFeatures = ["EVENT_FORK", "EVENT_REMAP", "EVENT_UNMAP", "SIGBUS"]

/** What a client's userfaultfd can be asked to do. */
export interface UserfaultfdAbilities {
  /** Minor faults of shared memory, which mode share is made of. */
  readonly hasMinorFaults: boolean
  /** The client's changes to its memory, of which only who reads the descriptor hears. */
  readonly hasLayoutEvents: boolean
}

const layoutEvents = ["EVENT_FORK", "EVENT_REMAP", "EVENT_REMOVE", "EVENT_UNMAP"]

/** Throws a ClientError unless the descriptor is a userfaultfd that this manager can serve. */
export function checkUserfaultfd(
  native: Pick<SocketModule, "describeDescriptor">,
  descriptor: number,
): UserfaultfdAbilities {
  const { name, isUserfaultfd, isInitialised, features } = native.describeDescriptor(descriptor)
  if (!isUserfaultfd) {
    const message = `The descriptor that came along is ${name}, wanted a userfaultfd`
    throw new ClientError("not_userfaultfd", message)
  }
  if (!isInitialised) {
    const found = "The userfaultfd has not been through UFFDIO_API"
    throw new ClientError("unsupported_features", `${found}, wanted one that has`)
  }
  const refused = namesOf(features).filter((feature) => refusedFeatures.includes(feature))
  if (refused.length > 0) {
    const found = `The userfaultfd has features ${namesOf(features).join(", ")}`
    const wanted = `wanted none of ${refusedFeatures.join(", ")}`
    throw new ClientError("unsupported_features", `${found}, ${wanted}`)
  }
  const names = namesOf(features)
  const hasLayoutEvents = names.some((name) => layoutEvents.includes(name))
  return { hasMinorFaults: names.includes("MINOR_SHMEM"), hasLayoutEvents }
}

function namesOf(features: number): string[] {
  return featureNames.filter((_, bit) => (features >>> bit) % 2 === 1)
}
