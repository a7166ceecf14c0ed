/** How the native engine makes clients depend on it no more. */
export interface Populating {
  /**
   * Installs every page of the region, behind all demand; bytes are copied at that rate at most.
   * A `prefaulted` event follows: without a failure when every page is there.
   */
  populate(space: number, request: number, region: number, bytesPerSecond: number): void
  /**
   * Unregisters the regions of a space that are all populated, and stay so whatever its client
   * does. An `unregistered` event follows: without a failure nothing of the client waits for us any
   * more, nor ever will.
   */
  unregister(space: number, request: number): void
}

export interface UnregisteredEvent {
  readonly kind: "unregistered"
  readonly space: number
  readonly request: number
  /** Empty when all went well; else why the client still needs the manager. */
  readonly failure: string
}
