import type { OnDiscard } from "../../protocol/messages.js"

/**
 * What the client has mapped in a region: anonymous memory that bytes are copied into, or the
 * image's own file, for itself alone (MAP_PRIVATE) or together with others (MAP_SHARED).
 */
export type Mapping = "anonymous" | "image_private" | "image_shared"

/** One region to serve. `region` is unique within its space and chosen by the caller. */
export interface RegionRequest {
  readonly space: number
  /** Echoed in the `mapped` or `refused` event. */
  readonly request: number
  readonly region: number
  readonly address: bigint
  readonly lengthBytes: bigint
  readonly image: number
  readonly imageOffsetBytes: bigint
  readonly mapping: Mapping
  /** 0: the engine's default. */
  readonly windowBytes: number
  /**
   * What anonymous pages read as once the client's userfaultfd has told that they are discarded. Of
   * a region of its past a layout book knows better.
   */
  readonly onDiscard: OnDiscard
  /** Pages that its faults ask for are noted up to so many; 0: nobody takes them. */
  readonly touchesMax: number
  /** Of the client's memory: 4,096, or that of huge pages, which only anonymous memory has. */
  readonly pageBytes: number
  /** Where the image has no more, anonymous memory is zeros; else that is refused. */
  readonly isTailZero: boolean
}
