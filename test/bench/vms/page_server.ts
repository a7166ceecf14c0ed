/** What a page server has spent on all VMs so far. */
export interface Costs {
  readonly cpuSeconds: number
  /** That it read from their userfaultfds. */
  readonly faults: number
}

/** Whoever brings VMs' pages, ready for them. */
export interface PageServer {
  /** Undefined: nobody serves, VMs map the memory file themselves. */
  readonly socket: string | undefined
  /** To be asked while no VM lives. Undefined where nobody serves. */
  costs(): Promise<Costs | undefined>
  /** Returns once it has done all that it does unasked, for VMs that live. */
  settle(): Promise<void>
  /** Makes it again what it was before the first VM. */
  renew(): Promise<void>
  stop(): Promise<void>
}

/** How a VM finds it. */
export const backendOf = ({ socket }: PageServer): { socket?: string } =>
  socket === undefined ? {} : { socket }
