/**
 * The sockets, descriptors and processes of `native/binding/sockets.cpp` as TypeScript sees them.
 * JS thread only.
 */
import type { DescriptorKind } from "../engine/native.js"

export type SocketType = "seqpacket" | "stream"
export type Sent = "sent" | "would_block" | "gone"

/**
 * One packet. The descriptors are the receiver's from here on. `isTruncated`: the frame was longer
 * than 64 KiB and its end is lost. `hasLostDescriptors`: this process had no descriptor numbers
 * left for some of them.
 */
export type FrameReceiver = (
  frame: Uint8Array,
  descriptors: number[],
  isTruncated: boolean,
  hasLostDescriptors: boolean,
) => void

/**
 * One connection. Of a stream a frame is what one read found. Never garbage collected between
 * start() and its end.
 */
export interface SocketConnection {
  /** The peer as it was when it connected; pid 0 when it is in a namespace we cannot see into. */
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** The other groups that it was in. */
  readonly groups: readonly number[]
  /**
   * `onClose` comes once, unless close() was called before: hang-up, reset, or the peer's process
   * has ended.
   */
  start(onFrame: FrameReceiver, onWritable: () => void, onClose: (reason: string) => void): void
  /** Never blocks. The descriptors stay the caller's. */
  send(frame: Uint8Array, descriptors: readonly number[]): Sent
  /** After a "would_block": `onWritable` comes once. */
  awaitWritable(): void
  /**
   * Takes no frame from the socket until resume(); the connection's end is noticed all the same.
   */
  pause(): void
  resume(): void
  /** The end of its socket is not its end from here on: that comes with its process's. */
  outliveSocket(): void
  /** SIGKILL for the process that connected, by its pidfd. Nothing happens when it has ended. */
  kill(): void
  /**
   * Closes the socket. What was sent before still reaches the peer. No callback comes after this.
   */
  close(): void
}

export interface SocketListener {
  /** Listens again after a failure. */
  resume(): void
  close(): void
}

/** A socket that the service manager has made and listens on for us. */
export interface ListeningSocket {
  /** "" for any other type. */
  readonly type: "seqpacket" | "stream" | ""
  readonly isListening: boolean
  /** "" when it is no Unix socket with a path. */
  readonly path: string
}

/** A process that is a client without a connection. Never collected between watch() and its end. */
export interface ClientProcess {
  /** `onEnded` comes once, unless close() was called before. */
  watch(onEnded: () => void): void
  /** What no other process of this boot has or will have; "" once it has ended. */
  readonly identity: string
  /** Of one of its own, by number, for the caller. Throws without the right to trace it. */
  copyDescriptor(number: number): number
  /** SIGKILL. Nothing happens when it has ended. */
  kill(): void
  close(): void
}

export interface SocketModule {
  /** Throws when there is no such process. */
  ClientProcess: new (
    pid: number,
  ) => ClientProcess
  /**
   * These take as long as the process that is asked about likes. Of the memory of images, each a
   * descriptor for the caller; none where the process may not be looked at.
   */
  openImageMemory(
    pid: number,
    wanted: readonly string[],
  ): Promise<{ readonly memory: string; readonly descriptor: number }[]>
  userfaultfdsOf(pid: number): Promise<number[]>
  /** Whether two of our descriptors are of one open file. */
  isSameFile(one: number, other: number): boolean
  /**
   * UFFDIO_REGISTER on another thread: it waits for the client's lock of its mappings. Resolves
   * with the errno's name, "" for success.
   */
  registerRange(
    userfaultfd: number,
    address: bigint,
    lengthBytes: bigint,
    modes: number,
  ): Promise<string>
  /**
   * The path must not exist; it cannot be connected to before it has its mode. A listening socket
   * in its place becomes the listener's and keeps the mode it has. `onConnection` is given a
   * descriptor to make a SocketConnection of; after `onFailure` (an errno's name) the listener
   * rests until resume().
   */
  SocketListener: new (
    where: string | number,
    mode: number,
    onConnection: (socket: number) => void,
    onFailure: (errno: string) => void,
    type: SocketType,
  ) => SocketListener
  /** Takes the descriptor over, also when it throws. */
  SocketConnection: new (
    socket: number,
  ) => SocketConnection
  /** These throw an Error whose `code` is the errno's name. */
  connectSeqpacket(path: string): number
  /**
   * A process that shares our descriptors and goes on with some of them when we end, however that
   * comes about (native/sys/keeper.hpp). Returns its pid; one that lives already is enough.
   */
  startKeeper(): number
  /**
   * Makes another user the owner of our own socket at the path; throws when something else is
   * there, a link to a socket included.
   */
  giveSocket(path: string, uid: number, gid: number): void
  /** Locks a file for as long as the descriptor is open; EAGAIN when somebody has it. */
  lockFile(path: string): number
  /** Makes it close-on-exec and not to block; throws for what is no socket. */
  takeListening(descriptor: number): ListeningSocket
  openDevice(): number
  /** UFFDIO_API. Returns the errno's name, "" for success. */
  beginUserfaultfd(userfaultfd: number, features: number): string
  sendDatagram(path: string, text: string): void
  raiseDescriptorLimit(): { before: number; after: number }
  describeDescriptor(descriptor: number): DescriptorKind & { readonly isSharedMemory: boolean }
  closeDescriptor(descriptor: number): void
  /**
   * Closes what a client sent, on another thread: it can take as long as the client likes. The
   * descriptor counts as closing for that user until it is closed.
   */
  closeFor(descriptor: number, uid: number): void
  closingFor(uid: number): number
  pinnedCpu(pid: number): number
}
