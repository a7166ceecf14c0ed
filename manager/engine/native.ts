/**
 * The native engine as TypeScript sees it: the exact interface of `native/binding`. Addresses,
 * offsets and lengths are bigints; counters are numbers. Calls never block on a fault; what takes
 * time is answered by an event.
 */

import type { OnDiscard } from "../../protocol/messages.js"
import type { PastSpaces } from "./past_spaces.js"
import type { Populating, UnregisteredEvent } from "./populating.js"
import type { Recordings } from "./recordings.js"
import type { RegionRequest } from "./region_request.js"

export interface EngineOptions {
  /** Fault threads, each pinned to a CPU. 0: one per CPU, at most 4. */
  readonly faultThreads: number
  /** Threads that may block on bytes. 0: two, or one per CPU up to 4. */
  readonly fillerThreads: number
  /** Address spaces served at once. */
  readonly spacesMax: number
  /**
   * Tries of one file read before its page is poisoned, and the pause between them (doubling up to
   * the second).
   */
  readonly fillAttemptsMax: number
  readonly fillBackoffMs: number
  readonly fillBackoffMaxMs: number
  /** Fault-around window of a region that names none. */
  readonly windowBytesDefault: number
}

export type EngineEvent =
  | UnregisteredEvent
  | {
      /**
       * A page source's bytes are wanted: answer with completeFill or failFill. Demand goes ahead
       * of bulk.
       */
      readonly kind: "fill"
      readonly fill: number
      readonly image: number
      readonly offsetBytes: bigint
      readonly lengthBytes: number
      /** That failed when these pages were part of another fill. */
      readonly attempts: number
      readonly isDemand: boolean
    }
  | {
      /** Somebody is blocked on a fill that was bulk; it may have been answered by now. */
      readonly kind: "raised"
      readonly fill: number
      readonly image: number
    }
  | {
      readonly kind: "mapped"
      readonly space: number
      readonly request: number
      readonly region: number
    }
  | {
      readonly kind: "refused"
      readonly space: number
      readonly request: number
      readonly region: number
      /** An error code of the protocol. */
      readonly code: string
      readonly message: string
    }
  | {
      readonly kind: "unmapped" | "discardChosen"
      readonly space: number
      readonly request: number
      readonly region: number
    }
  | {
      readonly kind: "prefaulted"
      readonly space: number
      readonly request: number
      readonly region: number
      readonly pagesInstalled: bigint
      /** Empty when all went well; else why it stopped. */
      readonly failure: string
    }
  | {
      readonly kind: "loaded"
      readonly request: number
      readonly image: number
      /** Empty when every page is there; else why not. */
      readonly failure: string
    }
  | {
      readonly kind: "poisoned"
      readonly space: number
      readonly region: number
      readonly image: number
      readonly offsetBytes: bigint
      readonly reason: string
    }
  /** The space's uffd misbehaves (POLLERR, for one): its session should end. */
  | { readonly kind: "misbehaved"; readonly space: number; readonly reason: string }
  /**
   * A fault was listed as pending but nobody kept it: it has been woken, and comes again. `address`
   * is its page's.
   */
  | { readonly kind: "forgotten"; readonly space: number; readonly address: bigint }
  /** There is no memory for its pages: its faults wait, and are tried again. */
  | { readonly kind: "starved"; readonly space: number; readonly region: number }
  /**
   * The client has forked, and its child is served already, in a space of its own: with the regions
   * of these numbers, as the parent had them. It is to be detached like any other.
   */
  | {
      readonly kind: "forked"
      readonly space: number
      readonly child: number
      /** The number of its userfaultfd, which stays the engine's. */
      readonly descriptor: number
      readonly regions: readonly number[]
    }
  /** It has forked a child too many: that one waits for its pages, and is not served. */
  | { readonly kind: "unservedChild"; readonly space: number }
  /** The client has unmapped or moved something: the region snapshots say where regions are now. */
  | { readonly kind: "layoutChanged"; readonly space: number }
  /** The process of a child's space is no more. */
  | { readonly kind: "gone"; readonly space: number }
  /** Everything of the space is gone, its descriptor closed. */
  | { readonly kind: "detached"; readonly space: number }

/** Percentiles in microseconds; zeros while count is 0. */
export interface LatencySnapshot {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface FaultCounters {
  readonly missing: number
  readonly minor: number
  readonly writeProtect: number
  /** The five ends of serving one fault. */
  readonly installed: number
  readonly alreadyPresent: number
  readonly deferred: number
  readonly discarded: number
  readonly failed: number
  readonly pagesCopied: number
  readonly pagesZeroed: number
  /** Shared with the image. */
  readonly pagesContinued: number
  readonly pagesPoisoned: number
  readonly bytesCopied: number
  /** Read from a uffd until resolved, waiting for bytes included. */
  readonly serviceUs: LatencySnapshot
}

export interface SpaceSnapshot extends FaultCounters {
  readonly space: number
  readonly regions: number
  /** Faults read and not yet resolved, and the age of the oldest (0 when none). */
  readonly pendingFaults: number
  readonly oldestPendingUs: number
  /** Of faults that were read: pending ones, and those that a thread is serving. */
  readonly oldestFaultAddress: bigint
  readonly oldestFaultAgeMs: number
  readonly oldestFaultPlace: StuckPlace | "none"
}

/**
 * Where a fault is that was read and not resolved: it waits for its source, or for another try, or
 * a thread is serving it.
 */
export type StuckPlace = "source" | "deferred" | "ioctl"

/** The oldest fault of a space, if it is old. */
export interface StuckFaultSnapshot {
  readonly space: number
  readonly address: bigint
  readonly ageMs: number
  readonly place: StuckPlace
}

/** Threads of a space that wait in faults, as the kernel counts them, and what we know of them. */
export interface FaultQueue {
  readonly space: number
  /** Their faults are still to be read. */
  readonly unread: number
  /** Their faults were read, and are not resolved. */
  readonly read: number
  /** Faults read since the space was attached. */
  readonly faults: number
  /** At least one is pending with us, or a thread is about the space at this moment. */
  readonly isKnown: boolean
  /** Some came where no region is, or of a kind that no region has: nothing of ours ends them. */
  readonly hasStrays: boolean
}

export interface RegionSnapshot {
  readonly region: number
  readonly faults: number
  /** Pages we installed since the region was mapped or reset. */
  readonly residentPages: number
  /** Where it is now, and in how many parts; 0: its client has unmapped all of it. */
  readonly address: bigint
  readonly parts: number
}

export interface ImageSnapshot {
  readonly image: number
  readonly lengthBytes: bigint
  readonly residentBytes: bigint
  readonly zeroBytes: bigint
  readonly bytesRead: bigint
  readonly fills: number
  readonly fillFailures: number
  /** Regions that still map it. */
  readonly regions: number
  /** Every page is resident or zero: nobody ever waits for its bytes again. */
  readonly isFullyResident: boolean
  readonly isWritable: boolean
  /** "" while all is well; else why the source is lost for good (the file changed underneath). */
  readonly failure: string
}

export interface EngineSnapshot extends FaultCounters {
  readonly threads: readonly {
    readonly cpu: number
    readonly faults: number
    readonly wakeups: number
  }[]
  readonly fillerThreads: number
  /** Time from asking for bytes until they are in the image. */
  readonly fillUs: LatencySnapshot
  readonly spaces: number
  /** That wait for a client, or a file, that does not let go; others do their work. */
  readonly threadsHeld: number
  readonly eventsDropped: number
}

/** One line of the fault ring. */
export interface FaultSnapshot {
  readonly sequence: bigint
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly space: number
  readonly region: number
  readonly image: number
  readonly address: bigint
  readonly imageOffsetBytes: bigint
  readonly kind: "missing" | "minor" | "write_protect"
  readonly outcome: "installed" | "already_present" | "deferred" | "discarded" | "failed"
  readonly isWrite: boolean
  /** Pages installed with it, the faulting one included. */
  readonly pages: number
  readonly serviceUs: number
  readonly hasWaitedForFill: boolean
  readonly thread: number
}

/** `memory` tells its memory from any other, and `file` the files behind it ("" for none). */
export interface AddedImage {
  readonly image: number
  readonly lengthBytes: bigint
  readonly memory: string
  readonly file: string
}

export interface NativeEngine extends PastSpaces, Populating, Recordings {
  /**
   * Up to `max` events, oldest first. `onWake` is called once (coalesced) when there are some
   * again.
   */
  takeEvents(max: number): EngineEvent[]

  /**
   * Opens a regular file as an image, or several that lie over each other, the base first; throws
   * an Error with `code` (errno name) when it cannot. A writable image can be mapped shared, and
   * only so; nothing is ever written back to its source.
   * `memory`: a descriptor, which stays the caller's, of the memory that an earlier manager kept
   * this very image in. It is taken over with all that is in it.
   */
  addFileImage(paths: readonly string[], isWritable: boolean, memory?: number): AddedImage
  /** The same for an open descriptor, which the engine duplicates. */
  addDescriptorImage(descriptor: number, memory?: number): AddedImage
  /** An image whose bytes come by `fill` events. */
  addSourceImage(lengthBytes: bigint, isWritable: boolean, memory?: number): AddedImage
  /**
   * The image's own file, for a client to map; it cannot write that of a plain image. The caller
   * closes it.
   */
  imageDescriptor(image: number): number
  /** Brings every page of an image into memory; a `loaded` event follows. */
  loadImage(image: number, request: number): void
  /** Forgets an image. Regions that map it keep it until they end. */
  removeImage(image: number): void
  completeFill(fill: number, bytes: Uint8Array): void
  /**
   * `attempts` have failed by now, those of earlier fills included. Of a fill of several pages, or
   * one that began as bulk, each page that a thread is blocked on is asked for alone then; of one
   * page it is given up.
   */
  failFill(fill: number, reason: string, attempts: number): void

  /**
   * Takes ownership of a userfaultfd and serves it. Returns the space. `cpu` -1: every fault thread
   * reads it. `uid`: whose it is. `isHeldBack`: nothing of it is read before
   * endPast(), so that all its regions are there when it is.
   */
  attach(uffd: number, cpu: number, uid: number, isHeldBack: boolean): number
  /** Changes which fault threads read it. */
  place(space: number, cpu: number): void
  /** Ends a space with all of its regions; a `detached` event follows. */
  detach(space: number): void
  map(request: RegionRequest): void
  unmap(space: number, request: number, region: number): void
  prefault(
    space: number,
    request: number,
    region: number,
    offsetBytes: bigint,
    lengthBytes: bigint,
  ): void
  /**
   * What was discarded until now is the image's again, what is from here on is as chosen: a
   * `discardChosen` event follows.
   */
  chooseDiscard(space: number, request: number, region: number, onDiscard: OnDiscard): void
  /** The client dropped the region's pages: residency starts again at zero. */
  noteReset(space: number, region: number): void
  /** Of a forked child's space: a `gone` event follows, once, if its process is no more. */
  lookForLife(space: number): void
  /**
   * Takes over the userfaultfd of a forked child that nobody serves: it waits for its pages, for as
   * long as it lives.
   */
  keepChild(userfaultfd: number): void
  /** How many of those there are; the ones whose process is gone are dropped a little later. */
  lookAtKept(): number
  /** This engine ends, and another comes: children that are detached go on waiting. */
  leaveChildren(): void

  /**
   * How often each fault thread has answered so far; asks each for one more answer, which a thread
   * that is stuck does not give.
   */
  askPulses(): number[]
  engineSnapshot(): EngineSnapshot
  spaceSnapshot(space: number): SpaceSnapshot | undefined
  regionSnapshots(space: number): RegionSnapshot[]
  imageSnapshot(image: number): ImageSnapshot | undefined
  /** For the watchdog; lists are of spaces in their order. */
  stuckFaults(afterSpace: number, ageMsMin: number, max: number): StuckFaultSnapshot[]
  /** Spaces that some fault thread had no room to watch. */
  unwatchedSpaces(afterSpace: number, max: number): number[]
  /** Those that cannot be looked at are left out. */
  faultQueues(fromSpace: number, max: number): FaultQueue[]
  /**
   * Lets those who wait for the page (0n: for any page) fault again, and fault threads that could
   * not watch the space try again.
   */
  wakeFaults(space: number, address: bigint): void
  /** Poisons pages that were waited for longer, for bytes or for another try. */
  giveUpFaults(space: number, ageMsMin: number, reason: string): void

  /** Fault records after `sequence`, oldest first, at most `max`. 0n: the newest `max`. */
  faultsAfter(sequence: bigint, max: number): FaultSnapshot[]

  /** Stops every thread. Spaces still attached are closed. */
  close(): void
}

/**
 * What a descriptor is. `features` are those negotiated; `isInitialised` says whether UFFDIO_API
 * was done.
 */
export interface DescriptorKind {
  readonly isUserfaultfd: boolean
  /** The target of /proc/self/fd/N, for messages. */
  readonly name: string
  readonly features: number
  readonly isInitialised: boolean
}

export interface NativeModule {
  Engine: new (options: EngineOptions, onWake: () => void) => NativeEngine
  describeDescriptor(descriptor: number): DescriptorKind
  closeDescriptor(descriptor: number): void
  /** The only CPU on which every thread of the process may run, or -1. */
  pinnedCpu(pid: number): number
}
