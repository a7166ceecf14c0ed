/** Size of a huge page, in bytes: of hugetlb memory, which is there as a whole or not at all. */
export const hugePageBytes = 2 * 1024 * 1024
