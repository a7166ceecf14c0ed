/**
 * Bytes a second at which VMs' memory is brought in the background. Slower would take days, and
 * nothing is as fast as the most.
 */
export const populateRateMin = 1 << 20
export const populateRateMax = 2 ** 40
export const populateRateDefault = 256 << 20
