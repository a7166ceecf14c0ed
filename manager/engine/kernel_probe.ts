/** What `native/binding/probe.cpp` finds out by trying. Errnos are 0 where it went well. */
export interface KernelProbe {
  /**
   * The best way in which this process can make a userfaultfd. The first two also serve faults that
   * are taken inside system calls.
   */
  readonly way: "device" | "system_call" | "user_mode_only" | "none"
  readonly deviceErrno: number
  readonly systemCallErrno: number
  readonly userModeErrno: number
  readonly memfdErrno: number
  /** UFFD_FEATURE_* bits that the kernel offers. */
  readonly features: number
  /** Bits 1 << _UFFDIO_* for a memfd that is registered for missing and minor faults. */
  readonly ioctls: bigint
}

export interface ProbeModule {
  /** Makes a userfaultfd in every way, looks at it and lets it go. */
  probeKernel(): KernelProbe
}
