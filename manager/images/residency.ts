/** How much of an image is in memory, pages known to be zero included. */
export interface Residency {
  readonly presentBytes: bigint
  readonly lengthBytes: bigint
  readonly isFull: boolean
}
