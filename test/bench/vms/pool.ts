import { withHugePages } from "../../vmm/huge_pages.js"
import { hugePageBytes } from "../../vmm/vmm_program.js"
import type { Want } from "./room.js"

/** Runs `use` with as many huge pages as it wants, if any. Answers why they cannot be had. */
export async function withPool(
  want: Want & { readonly pageBytes: number },
  use: () => Promise<void>,
): Promise<string | undefined> {
  if (want.pageBytes !== hugePageBytes) {
    await use()
    return undefined
  }
  const ownPages = Math.ceil((want.ownShare * want.imageBytes) / hugePageBytes)
  return withHugePages(want.vms * ownPages, use)
}
